/** How counts, moments and lengths of time are written. Pure. */

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `1 file`, `214 files`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** `3 Nov`, in the viewer's zone; the year where it is not this one. */
export function dateText(at: Date, now: Date): string {
  const text = `${at.getDate()} ${months[at.getMonth()]}`
  return at.getFullYear() === now.getFullYear() ? text : `${text} ${at.getFullYear()}`
}

/** `3 Nov 14:05`, in the viewer's zone. */
export function momentText(at: Date, now: Date): string {
  const clock = `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
  return `${dateText(at, now)} ${clock}`
}

/** `12 days ago`, `3 min ago`, `just now`. */
export function agoText(at: Date, now: Date): string {
  const passed = now.getTime() - at.getTime()
  if (passed < minute) return 'just now'
  if (passed < hour) return `${Math.floor(passed / minute)} min ago`
  if (passed < day) return `${Math.floor(passed / hour)} h ago`
  return `${countText(Math.floor(passed / day), 'day')} ago`
}

/** `0.3 s`, `2 min 5 s`, `1 h 12 min`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < minute) return `${(milliseconds / second).toFixed(1)} s`
  const whole = Math.round(milliseconds / second)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** `4:58`. */
export function countdownText(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / second))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** Days until then, at least 0. */
export function daysUntil(at: Date, now: Date): number {
  return Math.max(0, Math.round((at.getTime() - now.getTime()) / day))
}

/** Reads `90s`, `10m`, `2h` or plain seconds into milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})(s|m|h)?$/.exec(text) ?? []
  if (count === undefined) return undefined
  return Number(count) * (unit === 'h' ? hour : unit === 'm' ? minute : second)
}
