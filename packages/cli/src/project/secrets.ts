/** Which files look like secrets by their name, and so are left out of what is uploaded. Pure. */

const always = new Set([
  '.netrc',
  '_netrc',
  '.pgpass',
  '.git-credentials',
  'credentials.json',
  'key.properties',
])
const extensions = /\.(?:p12|pfx|p8|pem|key|jks|keystore|ppk|kdbx|asc|gpg)$/i
const sshKeys = /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/
const dotEnv = /^\.env(?:\..+)?$/
const templates = /^\.env\.(?:example|sample|template|dist|defaults)$/
const serviceAccounts = /service[-_]?account.*\.json$/i
/** Made by the Android tools with a password that everybody knows; debug builds do not work without it. */
const publicOnes = new Set(['debug.keystore'])

/** @param name the last part of the path */
export function looksSecret(name: string): boolean {
  if (publicOnes.has(name) || templates.test(name)) return false
  return (
    always.has(name) ||
    extensions.test(name) ||
    sshKeys.test(name) ||
    dotEnv.test(name) ||
    serviceAccounts.test(name)
  )
}

/** Whether an .npmrc holds a token itself, and not only the name of a variable that does. */
export function npmrcHoldsToken(text: string): boolean {
  return /^\s*[^#;\n]*(?:_authToken|_auth|_password)\s*=\s*(?!\s*"?\$\{)\S/m.test(text)
}
