// Takes the network away from a test: every way from this process to another one is closed.
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { onTestFinished } from 'vitest';

const DOORS = [
  [net, 'connect'],
  [net, 'createConnection'],
  [http, 'request'],
  [https, 'request'],
  [globalThis, 'fetch'],
] as const;

/** Whoever tries all the same fails, until the test has ended. */
export const cutOff = (): void => {
  const closed = (): never => {
    throw new Error('a network call was made');
  };
  for (const [owner, name] of DOORS) {
    const original: unknown = Reflect.get(owner, name);
    Reflect.set(owner, name, closed);
    onTestFinished(() => void Reflect.set(owner, name, original));
  }
};
