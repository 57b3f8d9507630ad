// Speaks to a server byte by byte, as no well-behaved client does.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** A connection that keeps all that came back. */
export interface RawConnection {
  readonly socket: Socket;
  text(): string;
  readonly closed: Promise<void>;
}

export const openRaw = async (url: string): Promise<RawConnection> => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return { socket, text: () => text, closed };
};

/** Sends bytes and waits until the server closes. */
export const sendRaw = async (url: string, bytes: string | Buffer): Promise<string> => {
  const connection = await openRaw(url);
  connection.socket.write(bytes);
  await connection.closed;
  return connection.text();
};

/** The answers of a connection, each with as much body as its length says. */
export const answersOf = (text: string): readonly RawAnswer[] => {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest.startsWith('HTTP/1.1 '); ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const head = rest.slice(0, end);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    answers.push({ status: Number(head.slice(9, 12)), head, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return answers;
};
