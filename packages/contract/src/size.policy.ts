/** How sizes are written, in a terminal, on a page and in a sentence alike. Pure. */

const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
const binaryUnits = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** What something measures: `1.8 MB`, in powers of ten, as shops and shells show it. */
export function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** What something may measure, to the byte: `1 GiB (1,073,741,824 bytes)`; `50,000 bytes` where no unit is even. */
export function limitText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && value % 1024 === 0 && unit < binaryUnits.length - 1) {
    value /= 1024
    unit++
  }
  const exact = `${bytes.toLocaleString('en')} bytes`
  return unit === 0 ? exact : `${value} ${binaryUnits[unit]} (${exact})`
}
