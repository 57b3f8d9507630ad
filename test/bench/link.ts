// A network between a bench and the registry: every byte takes its time, whoever asks for it.
import { connect, createServer, type Socket } from 'node:net';

export interface LinkOrder {
  /** Where the registry listens. */
  readonly port: number;
  /** Megabits in a second, shared by all connections, towards whoever asks. */
  readonly megabits: number;
  /** Milliseconds there and back. */
  readonly roundTrip: number;
}

const { port, megabits, roundTrip }: LinkOrder = JSON.parse(process.argv[2] ?? '{}');
const bytesPerMs = (megabits * 1_000_000) / 8 / 1_000;
const oneWay = roundTrip / 2;
/** What is under way to one that reads slowly. */
const MOST_UNDER_WAY = 4 * 1024 * 1024;

/** When the last byte that was taken will have gone over the line. */
let free = 0;

/** Milliseconds of `performance.now()` at which so many bytes more arrive. */
type Arrival = (bytes: number) => number;

const onTheWayThere: Arrival = () => performance.now() + oneWay;

const onTheWayBack: Arrival = (bytes) => {
  free = Math.max(free, performance.now()) + bytes / bytesPerMs;
  return free + oneWay;
};

/** In the order in which it was sent, and the end last. */
const carry = (from: Socket, to: Socket, arrival: Arrival): void => {
  const underWay: { readonly at: number; readonly chunk: Buffer | undefined }[] = [];
  let bytes = 0;
  const deliver = (): void => {
    for (let [next] = underWay; next !== undefined && next.at <= performance.now(); [next] = underWay) {
      underWay.shift();
      if (next.chunk === undefined) to.end();
      else to.write(next.chunk);
      bytes -= next.chunk?.length ?? 0;
    }
    if (bytes < MOST_UNDER_WAY) from.resume();
    const [next] = underWay;
    if (next !== undefined) setTimeout(deliver, Math.ceil(next.at - performance.now()));
  };
  const send = (chunk?: Buffer): void => {
    underWay.push({ at: arrival(chunk?.length ?? 0), chunk });
    bytes += chunk?.length ?? 0;
    if (bytes >= MOST_UNDER_WAY) from.pause();
    if (underWay.length === 1) setTimeout(deliver, oneWay);
  };
  from.on('data', send);
  from.on('end', () => send());
  from.on('error', () => to.destroy());
};

const server = createServer((near) => {
  const far = connect({ host: '127.0.0.1', port, noDelay: true });
  near.setNoDelay(true);
  carry(near, far, onTheWayThere);
  carry(far, near, onTheWayBack);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object')
    process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
