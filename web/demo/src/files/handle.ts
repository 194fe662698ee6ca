// Where the bytes of a file are while they come: on disk, by the browser's own handle, or in memory where a browser gives none. Both
// have the same few methods, all of them at once: a page cannot wait for a disk, so they are used in a worker.

/** What is used of a FileSystemSyncAccessHandle, and all that a Memory has. */
export interface Handle {
  read(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** As much is one allocation of a Memory, at most. */
const CHUNK = 1024 * 1024;

/** A file in memory. It is written in order; what was written before may be overwritten. */
export class Memory implements Handle {
  #chunks: Uint8Array<ArrayBuffer>[] = []; // all of CHUNK but the last, which grows
  #size = 0;

  read(buffer: Uint8Array<ArrayBuffer>, { at }: { at: number }): number {
    const count = Math.max(0, Math.min(buffer.length, this.#size - at));
    for (let done = 0; done < count; ) {
      const [chunk, offset] = this.#find(at + done);
      const part = chunk.subarray(offset, Math.min(chunk.length, offset + count - done));
      buffer.set(part, done);
      done += part.length;
    }
    return count;
  }

  write(buffer: Uint8Array<ArrayBuffer>, { at }: { at: number }): number {
    this.#grow(at + buffer.length);
    for (let done = 0; done < buffer.length; ) {
      const [chunk, offset] = this.#find(at + done);
      const part = buffer.subarray(done, done + chunk.length - offset);
      chunk.set(part, offset);
      done += part.length;
    }
    this.#size = Math.max(this.#size, at + buffer.length);
    return buffer.length;
  }

  truncate(size: number): void {
    this.#grow(size);
    this.#chunks.length = Math.ceil(size / CHUNK);
    this.#size = size;
  }

  getSize(): number {
    return this.#size;
  }

  flush(): void {}

  close(): void {}

  /** All of it, as one thing that the browser may put on disk after all. */
  blob(): Blob {
    return new Blob(this.#chunks.map((chunk, i) => chunk.subarray(0, this.#size - i * CHUNK)), { type: "application/octet-stream" });
  }

  #find(at: number): [chunk: Uint8Array<ArrayBuffer>, offset: number] {
    return [this.#chunks[Math.floor(at / CHUNK)]!, at % CHUNK];
  }

  /** Makes room for so many bytes. A small file takes little more than it has: thousands may come. */
  #grow(size: number): void {
    for (let i = Math.max(0, this.#chunks.length - 1); i * CHUNK < size; i++) {
      const had = this.#chunks[i];
      const want = Math.min(CHUNK, size - i * CHUNK);
      if (had && had.length >= want) continue;
      const chunk = new Uint8Array(had ? Math.min(CHUNK, Math.max(want, 2 * had.length)) : i > 0 ? CHUNK : want);
      if (had) chunk.set(had);
      this.#chunks[i] = chunk;
    }
  }
}
