// Collects little-endian numbers. `start` is where the first byte will lie in the file, so that `offset` is a file offset.
export class ByteWriter {
  #bytes = []
  #start

  constructor(start = 0) {
    this.#start = start
  }

  get offset() {
    return this.#start + this.#bytes.length
  }

  u8(value) {
    this.#bytes.push(value & 0xff)
    return this
  }

  u16(value) {
    return this.u8(value).u8(value >>> 8)
  }

  u32(value) {
    return this.u16(value).u16(value >>> 16)
  }

  /** Seven bits a byte, the lowest first; the top bit says that more follow. */
  uleb(value) {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.u8(rest | 0x80)
    return this.u8(rest)
  }

  bytes(more) {
    for (const byte of more) this.u8(byte)
    return this
  }

  align(to) {
    while (this.offset % to) this.u8(0)
    return this
  }

  toBuffer() {
    return Buffer.from(this.#bytes)
  }
}
