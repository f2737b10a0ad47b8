import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import type { Socket } from 'node:net';

// RFC 6455, https://www.rfc-editor.org/rfc/rfc6455#section-5.2. A frame consists of
//
//     byte 0    128 if it is the last of its message, plus the opcode
//     byte 1    128 if the data is masked, plus the length, or 126 or 127 for a length of two or eight bytes that follow
//     4 bytes   the mask, only in frames from the client
//     data

const opcodes = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 };
const last = 0x80;
const masked = 0x80;
/** Bytes of a frame without data. */
const shortestFrame = 2;

/**
 * A WebSocket client for this machine. It replaces the package ws, of which Puppeteer uses only a part to communicate with Firefox; Node 20
 * has no built-in WebSocket. It supports text only, without TLS and compression.
 */
export default class LocalWebSocket extends EventTarget {
  private socket: Socket | undefined;
  /** Received bytes of incomplete frames, joined only when `needed` of them have arrived: a long frame comes in many chunks. */
  private chunks: Buffer[] = [];
  private receivedBytes = 0;
  private needed = shortestFrame;
  private parts: Buffer[] = [];

  constructor(url: string) {
    super();
    const request = get(url.replace(/^ws:/, 'http:'), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    });
    const fail = () => this.dispatchEvent(new Event('error'));
    request.on('error', fail);
    request.on('response', (response) => {
      response.resume();
      fail();
    });
    request.on('upgrade', (_, socket, head) => {
      this.socket = socket as Socket;
      this.socket.setNoDelay(true);
      socket.on('data', (data: Buffer) => this.receive(data));
      socket.on('error', fail);
      socket.on('close', () => this.dispatchEvent(new Event('close')));
      this.dispatchEvent(new Event('open'));
      if (head.length > 0) this.receive(head);
    });
  }

  send(text: string): void {
    this.write(opcodes.text, Buffer.from(text));
  }

  close(): void {
    this.write(opcodes.close, Buffer.alloc(0));
    this.socket?.end();
  }

  private write(opcode: number, data: Buffer): void {
    if (!this.socket?.writable) return;
    const { length } = data;
    const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
    const frame = Buffer.alloc(2 + extended + 4 + length);
    frame[0] = last | opcode;
    frame[1] = masked | (extended === 0 ? length : extended === 2 ? 126 : 127);
    if (extended === 2) frame.writeUInt16BE(length, 2);
    if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
    const mask = randomBytes(4);
    const at = 2 + extended;
    mask.copy(frame, at);
    for (let i = 0; i < length; i++) frame[at + 4 + i] = data[i]! ^ mask[i & 3]!;
    this.socket.write(frame);
  }

  private receive(data: Buffer): void {
    this.chunks.push(data);
    this.receivedBytes += data.length;
    if (this.receivedBytes < this.needed) return;
    let received = this.chunks.length > 1 ? Buffer.concat(this.chunks) : data;
    for (;;) {
      const at = dataOffset(received);
      const length = at <= received.length ? dataLength(received) : 0;
      this.needed = at + length;
      if (received.length < this.needed) break;
      this.take(received[0]! & 0x0f, (received[0]! & last) !== 0, received.subarray(at, this.needed));
      received = received.subarray(this.needed);
    }
    this.chunks = [received];
    this.receivedBytes = received.length;
  }

  private take(opcode: number, isLast: boolean, data: Buffer): void {
    if (opcode === opcodes.ping) this.write(opcodes.pong, data);
    else if (opcode === opcodes.close) this.close();
    else if (opcode === opcodes.text || opcode === opcodes.continuation) {
      this.parts.push(data);
      if (!isLast) return;
      const text = Buffer.concat(this.parts).toString();
      this.parts = [];
      this.dispatchEvent(Object.assign(new Event('message'), { data: text }));
    }
  }
}

/** Offset of a frame's data, as far as its first bytes tell. */
function dataOffset(frame: Buffer): number {
  const short = (frame[1] ?? 0) & 0x7f;
  return shortestFrame + (short === 126 ? 2 : short === 127 ? 8 : 0);
}

function dataLength(frame: Buffer): number {
  const short = frame[1]! & 0x7f;
  return short === 126 ? frame.readUInt16BE(2) : short === 127 ? Number(frame.readBigUInt64BE(2)) : short;
}
