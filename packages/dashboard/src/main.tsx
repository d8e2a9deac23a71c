import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { newQueryClient } from './api/queries.ts'
import './app.css'
import { newRouter } from './routes.tsx'
import { UnderPolicy } from './ui/UnderPolicy.tsx'

const place = document.getElementById('app')
if (!place) throw new Error('index.html has no element with the id "app".')

const queries = newQueryClient()
const router = newRouter(queries)

// Whoever reads by ear or keyboard starts each new page at its beginning.
router.subscribe('onResolved', ({ fromLocation, pathChanged }) => {
  if (fromLocation && pathChanged) document.getElementById('main')?.focus({ preventScroll: true })
})

createRoot(place).render(
  <StrictMode>
    <UnderPolicy>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </UnderPolicy>
  </StrictMode>,
)
