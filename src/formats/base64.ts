/** Bytes as text, for formats that hold only text: JSON between the page and the command, and an HTML page. */
export function base64({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = '';
  // In pieces, because the number of a call's arguments is limited.
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}
