// The part of an OpenAPI document that is told of, and how it refers to its parts and to those of other documents. Pure.

export type Value = Readonly<Record<string, unknown>>;

export interface OpenApi {
  readonly info?: { readonly title?: string };
  readonly paths: Readonly<Record<string, Value>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Value>> };
}

/** By the names of their files. */
export type Documents = ReadonlyMap<string, OpenApi>;

export interface Operation {
  readonly file: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Value;
  /** Parameters of the path itself. */
  readonly shared: readonly unknown[];
}

export const isValue = (value: unknown): value is Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objectOf = (value: unknown): Value => (isValue(value) ? value : {});
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

export const operationsOf = (file: string, document: OpenApi): readonly Operation[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) =>
      isValue(item[method])
        ? [
            {
              file,
              method: method.toUpperCase(),
              path,
              operation: item[method],
              shared: listOf(item['parameters']),
            },
          ]
        : [],
    ),
  );

/** Where a reference leads: the document, and the keys down into it. */
export const targetOf = (
  ref: string,
  from: string,
): { readonly file: string; readonly keys: readonly string[] } => {
  const [file = '', pointer = ''] = ref.split('#');
  const keys = pointer.split('/').slice(1);
  return { file: file || from, keys: keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')) };
};

export interface Found {
  readonly file: string;
  readonly value: Value;
}

const MOST_STEPS = 8;

/** What a value stands for, through references to references. */
export const follow = (documents: Documents, file: string, value: unknown): Found => {
  let found = { file, value: objectOf(value) };
  for (let step = 0; step < MOST_STEPS && typeof found.value['$ref'] === 'string'; step += 1) {
    const target = targetOf(found.value['$ref'], found.file);
    const document: unknown = documents.get(target.file);
    const next = target.keys.reduce<unknown>((at, key) => objectOf(at)[key], document);
    found = { file: target.file, value: objectOf(next) };
  }
  return found;
};
