/**
 * TABLE: the error numbers of preview 1, and the signal that ends a WASI function with one of them.
 *
 * File back ends throw the same signal, so that an error keeps its number on the way to the guest.
 */

const names = [
  ...['success', '2big', 'acces', 'addrinuse', 'addrnotavail', 'afnosupport', 'again', 'already', 'badf'],
  ...[
    'badmsg',
    'busy',
    'canceled',
    'child',
    'connaborted',
    'connrefused',
    'connreset',
    'deadlk',
    'destaddrreq',
  ],
  ...[
    'dom',
    'dquot',
    'exist',
    'fault',
    'fbig',
    'hostunreach',
    'idrm',
    'ilseq',
    'inprogress',
    'intr',
    'inval',
  ],
  ...['io', 'isconn', 'isdir', 'loop', 'mfile', 'mlink', 'msgsize', 'multihop', 'nametoolong', 'netdown'],
  ...['netreset', 'netunreach', 'nfile', 'nobufs', 'nodev', 'noent', 'noexec', 'nolck', 'nolink', 'nomem'],
  ...['nomsg', 'noprotoopt', 'nospc', 'nosys', 'notconn', 'notdir', 'notempty', 'notrecoverable', 'notsock'],
  ...['notsup', 'notty', 'nxio', 'overflow', 'ownerdead', 'perm', 'pipe', 'proto', 'protonosupport'],
  ...['prototype', 'range', 'rofs', 'spipe', 'srch', 'stale', 'timedout', 'txtbsy', 'xdev', 'notcapable'],
] as const;

/** Name of an error of preview 1, without the `errno` prefix. */
export type Errno = (typeof names)[number];

/** Error numbers by name. */
export const errno: Readonly<Record<Errno, number>> = Object.freeze(
  Object.fromEntries(names.map((name, i) => [name, i])) as Record<Errno, number>,
);

/** The name of a POSIX error code such as `ENOENT`, or `io` for one that preview 1 lacks. */
export const errnoOfPosix = (code: string): Errno => {
  const name = code.replace(/^E/, '').toLowerCase();
  if (name === 'opnotsupp') return 'notsup';
  return Object.hasOwn(errno, name) ? (name as Errno) : 'io';
};

/** Thrown to end a WASI function with an error; caught by the wrapper. No stack: it is not an error of the host. */
export class ErrnoSignal {
  readonly name: Errno;
  readonly value: number;
  constructor(name: Errno) {
    this.name = name;
    this.value = errno[name];
  }
}
