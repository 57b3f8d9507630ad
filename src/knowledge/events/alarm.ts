// How the operator is told of what must not happen. Pure.

export type Alarm = (sentence: string, evidence: Readonly<Record<string, unknown>>) => void;
