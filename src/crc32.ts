const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** The checksum of gzip, zip and PNG, of data that comes in pieces. */
export class Crc32 {
  private crc = 0xffffffff;

  update(data: Uint8Array): this {
    let crc = this.crc;
    for (let i = 0; i < data.length; i++) crc = table[(crc ^ data[i]!) & 255]! ^ (crc >>> 8);
    this.crc = crc;
    return this;
  }

  copy(): Crc32 {
    return Object.assign(new Crc32(), this);
  }

  get value(): number {
    return (this.crc ^ 0xffffffff) >>> 0;
  }
}

export const crc32 = (data: Uint8Array): number => new Crc32().update(data).value;
