import { lazy, Suspense, type ComponentType, type ReactNode } from 'react'

/** A component whose code is loaded when it is first shown; until then there is nothing. */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => ReactNode {
  const Loaded = lazy(async () => ({ default: await load() }))
  return function Later(props) {
    return (
      <Suspense fallback={null}>
        <Loaded {...props} />
      </Suspense>
    )
  }
}
