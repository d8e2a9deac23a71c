import { createHash } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { readZipDirectory } from '@norrix/runner/job/zip-directory'
import { readApkSignature } from '@norrix/runner/platforms/android/apk'

export interface CheckedApk {
  readonly sizeBytes: number
  readonly sha256: string
  readonly signer: string
}

/**
 * Verifies an app package's v2/v3 signature and says who signed it.
 *
 * @throws Error when it is no app package or its signature is not good
 */
export async function checkApk(path: string): Promise<CheckedApk> {
  const bytes = await readFile(path)
  const file = await open(path)
  try {
    const zip = await readZipDirectory(file)
    if (!zip) throw new Error(`${path} is no zip file.`)
    const signature = await readApkSignature(file, zip)
    if (signature.kind !== 'signed') throw new Error(`${path} is ${signature.kind}.`)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return { sizeBytes: bytes.length, sha256, signer: signature.subject }
  } finally {
    await file.close()
  }
}
