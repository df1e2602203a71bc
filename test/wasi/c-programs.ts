/** C programs for WASI, how they are compiled with Debian's clang and wasi-libc, and how Node's own WASI runs them. */
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Sources by name. */
export const programs: Readonly<Record<string, string>> = {
  files: `
    #include <stdio.h>
    #include <string.h>
    #include <errno.h>
    #include <unistd.h>
    int main(void) {
      FILE *f = fopen("/a.txt", "w"); fprintf(f, "line %d\\n", 1); fclose(f);
      f = fopen("/a.txt", "a"); fputs("line 2\\n", f); fclose(f);
      f = fopen("/a.txt", "r+"); char line[64]; while (fgets(line, sizeof line, f)) fputs(line, stdout);
      fseek(f, 0, SEEK_SET); fputs("LINE", f); fflush(f); printf("%ld\\n", ftell(f));
      rewind(f); fgets(line, sizeof line, f); fputs(line, stdout); fclose(f);
      printf("%d\\n", rename("/a.txt", "/b.txt"));
      printf("%d %s\\n", fopen("/a.txt", "r") == NULL, strerror(errno));
      printf("%d\\n", truncate("/b.txt", 3)); f = fopen("/b.txt", "r"); printf("%zu\\n", fread(line, 1, 64, f)); fclose(f);
      printf("%d %d\\n", unlink("/b.txt"), unlink("/b.txt")); printf("%s\\n", strerror(errno));
      return 3;
    }`,
  directories: `
    #include <dirent.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <errno.h>
    #include <sys/stat.h>
    #include <unistd.h>
    static int by_name(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
    int main(void) {
      int made = mkdir("/d", 0777), twice = mkdir("/d", 0777), error = errno; printf("%d %d %s\\n", made, twice, strerror(error));
      char name[64]; for (int i = 0; i < 300; i++) { sprintf(name, "/d/file-%03d", i); fclose(fopen(name, "w")); }
      char *names[400]; int count = 0; struct dirent *e; DIR *d = opendir("/d");
      /* Node leaves the dots out, which the official suite wants. */
      while ((e = readdir(d))) if (e->d_name[0] != '.') names[count++] = strdup(e->d_name);
      rewinddir(d); int again = 0; while ((e = readdir(d))) again += e->d_name[0] != '.'; closedir(d);
      qsort(names, count, sizeof *names, by_name); printf("%d %d %s %s\\n", count, again, names[0], names[count - 1]);
      printf("%d %s\\n", rmdir("/d"), strerror(errno));
      for (int i = 0; i < 300; i++) { sprintf(name, "/d/file-%03d", i); unlink(name); }
      symlink("d", "/l"); struct stat s, t; lstat("/l", &s); stat("/l", &t);
      printf("%d %d\\n", S_ISLNK(s.st_mode), S_ISDIR(t.st_mode));
      ssize_t n = readlink("/l", name, 64); printf("%.*s\\n", (int)n, name);
      printf("%d %d\\n", unlink("/l"), rmdir("/d"));
    }`,
  times: `
    #include <fcntl.h>
    #include <stdio.h>
    #include <sys/stat.h>
    #include <time.h>
    int main(void) {
      fclose(fopen("/t", "w")); struct timespec times[2] = {{1000000000, 0}, {1234567890, 0}};
      printf("%d\\n", utimensat(AT_FDCWD, "/t", times, 0)); struct stat s; stat("/t", &s);
      printf("%lld %lld\\n", (long long)s.st_mtim.tv_sec, (long long)s.st_atim.tv_sec);
      struct timespec now; clock_gettime(CLOCK_REALTIME, &now); printf("%d\\n", now.tv_sec > 1600000000);
      struct timespec nap = {0, 20000000}, before, after; clock_gettime(CLOCK_MONOTONIC, &before);
      nanosleep(&nap, NULL); clock_gettime(CLOCK_MONOTONIC, &after);
      /* Node's own wakes up to a millisecond early. */
      printf("%d\\n", (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec >= 19000000);
    }`,
  input: `
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    int main(int argc, char **argv) {
      char line[256]; int n = 0; while (fgets(line, sizeof line, stdin)) { n++; fputs(line, stdout); }
      printf("%d lines, %d arguments, HOME=%s\\n", n, argc - 1, getenv("HOME")); fprintf(stderr, "done\\n"); return n;
    }`,
};

/** Runs a command under Node's own WASI. */
const reference = `
  import { readFileSync } from 'node:fs';
  import { WASI } from 'node:wasi';
  const [file, root, ...args] = process.argv.slice(1);
  const wasi = new WASI({ version: 'preview1', args: [file, ...args], env: { HOME: '/home' }, preopens: { '/': root } });
  const { instance } = await WebAssembly.instantiate(readFileSync(file), wasi.getImportObject());
  process.exitCode = wasi.start(instance);`;

const target = ['--target=wasm32-wasi', '-O1', '-x', 'c', '-', '-o'];
/** Whether C can be compiled here. */
export const hasClang = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'quern-clang-'));
  const input = '#include <stdio.h>\nint main(void) { puts(""); }';
  const { status } = spawnSync('clang', [...target, join(folder, 'probe.wasm')], { input });
  rmSync(folder, { recursive: true, force: true });
  return status === 0;
};

/** Compiles a program in C to a file. */
export const compileC = (source: string, file: string, flags: readonly string[] = []): void => {
  execFileSync('clang', [...flags, ...target, file], { input: source });
};

/** What every program reads. */
export const STDIN = 'first\nsecond\n';

/**
 * Runs a program under the WASI of `node:wasi` with the arguments `x` and `y`: Node's own on native Wasm, unless
 * flags give the process another one.
 */
export const runByNode = (
  file: string,
  folder: string,
  flags: readonly string[] = ['--no-warnings'],
): SpawnSyncReturns<string> => {
  const script = [...flags, '--input-type=module', '-e', reference, file, folder, 'x', 'y'];
  return spawnSync(process.execPath, script, { input: STDIN, encoding: 'utf8' });
};
