// An order in which rows can be put into tables that refer to one another. Pure.

interface Reference {
  readonly from: string;
  readonly to: string;
}

/** Every name after all that it refers to. @throws RangeError where they go in a circle */
export const inReferenceOrder = (
  names: readonly string[],
  references: readonly Reference[],
): readonly string[] => {
  const ordered: string[] = [];
  let left = [...names];
  while (left.length > 0) {
    const isFree = (name: string) => !references.some(({ from, to }) => from === name && left.includes(to));
    const free = left.filter(isFree);
    if (free.length === 0)
      throw new RangeError(`tables refer to one another in a circle: ${left.join(', ')}`);
    ordered.push(...free);
    left = left.filter((name) => !free.includes(name));
  }
  return ordered;
};
