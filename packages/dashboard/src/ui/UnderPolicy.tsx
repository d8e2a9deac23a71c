import { CSPProvider } from '@base-ui/react/csp-provider'
import type { ReactNode } from 'react'

/** Keeps the components of the library from writing style elements, which the server's content policy refuses. */
export function UnderPolicy({ children }: { readonly children: ReactNode }): ReactNode {
  return <CSPProvider disableStyleElements>{children}</CSPProvider>
}
