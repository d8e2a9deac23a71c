/** What the double's pages are called, so that nobody takes a screenshot of them for the real service. */
export const PAGE_TITLE = 'Cognito (test double)'

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
  main { width: min(22rem, calc(100vw - 2rem)); }
  h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
  p { margin: 0 0 1rem; }
  label { display: block; margin: 0 0 .75rem; }
  input { display: block; box-sizing: border-box; width: 100%; padding: .6rem; margin-top: .25rem; font: inherit; border: 1px solid GrayText; border-radius: 6px; background: Field; color: FieldText; }
  button { width: 100%; padding: .7rem; font: inherit; font-weight: 600; border: 0; border-radius: 6px; background: #1f5f99; color: #fff; cursor: pointer; }
  [role=alert] { padding: .6rem; border-radius: 6px; border: 1px solid #c0392b; }
  small { display: block; margin-top: 1rem; color: GrayText; }`

/**
 * The sign-in form, with the field names of Cognito's classic hosted UI: `_csrf`, `username`,
 * `password`. It posts to the address it was shown at.
 */
export function loginPage(page: {
  action: string
  csrf: string
  username: string
  fault?: string
}): string {
  const fault = page.fault === undefined ? '' : `<p role="alert">${escape(page.fault)}</p>`
  return document(`
    <h1>Sign in with your username and password</h1>
    <p>This page stands in for Amazon Cognito.</p>
    ${fault}
    <form method="post" action="${escape(page.action)}">
      <input type="hidden" name="_csrf" value="${escape(page.csrf)}">
      <label>Username <input name="username" value="${escape(page.username)}" autocomplete="username" autocapitalize="none" required autofocus></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button name="signInSubmitButton" value="Sign in">Sign in</button>
    </form>`)
}

/** Where the pool's domain sends a browser that it cannot send back to an app. */
export function errorPage(error: string): string {
  return document(`
    <h1>An error was encountered with the requested page.</h1>
    <p role="alert">${escape(error)}</p>`)
}

function document(body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${PAGE_TITLE}</title><style>${STYLE}</style></head>
<body><main>${body}<small>${PAGE_TITLE}. Not operated by AWS.</small></main></body>
</html>`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
