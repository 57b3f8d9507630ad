// Numbers with their word: 1 rule, 2 rules. Pure.

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
