// Who signs: a private key and its certificate, kept in two files, because Android refuses an update from another signer.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeIdentity } from './certificate.mjs'
import { BuildFault } from './fault.mjs'

/** Gives { key, certificate, made }; makes the pair (RSA 2048, 30 years, self-signed) when neither file is there. */
export function signingIdentity({ keyFile, certFile }) {
  const absent = [keyFile, certFile].filter((file) => !existsSync(file))
  if (absent.length === 1) {
    throw new BuildFault(
      `${absent[0]} does not exist, but its other half does.\nPut it back, or move both away to have a new pair made.`,
    )
  }
  if (absent.length === 2) keepNewIdentity(keyFile, certFile)
  const key = read(keyFile, (bytes) => createPrivateKey(bytes), 'an unencrypted private key in PEM')
  const certificate = read(certFile, (bytes) => new X509Certificate(bytes), 'a certificate in PEM')
  if (key.asymmetricKeyType !== 'rsa') {
    throw new BuildFault(
      `${keyFile} is a key of the kind "${key.asymmetricKeyType}"; this example signs with RSA only.\nUse an RSA key, or remove both files to have one made.`,
    )
  }
  if (!certificate.checkPrivateKey(key)) {
    throw new BuildFault(
      `${certFile} does not belong to ${keyFile}.\nName the two files of one pair.`,
    )
  }
  return { key, certificate, made: absent.length === 2 }
}

function keepNewIdentity(keyFile, certFile) {
  const made = makeIdentity('Norrix example (do not publish)')
  for (const file of [keyFile, certFile]) mkdirSync(dirname(file), { recursive: true })
  // "wx": a build that runs at the same moment must not have its key replaced under its feet.
  writeFileSync(keyFile, made.key, { mode: 0o600, flag: 'wx' })
  writeFileSync(certFile, made.certificate, { flag: 'wx' })
}

function read(file, parse, wanted) {
  try {
    return parse(readFileSync(file))
  } catch (cause) {
    throw new BuildFault(
      `${file} is not ${wanted}, or cannot be read (${cause.code ?? cause.message}).\nName a readable one, or remove both files to have a new pair made.`,
    )
  }
}
