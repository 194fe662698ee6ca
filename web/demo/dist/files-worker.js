// demo/src/files/handle.ts
var CHUNK = 1024 * 1024;
var Memory = class {
  #chunks = [];
  // all of CHUNK but the last, which grows
  #size = 0;
  read(buffer, { at }) {
    const count = Math.max(0, Math.min(buffer.length, this.#size - at));
    for (let done = 0; done < count; ) {
      const [chunk, offset] = this.#find(at + done);
      const part = chunk.subarray(offset, Math.min(chunk.length, offset + count - done));
      buffer.set(part, done);
      done += part.length;
    }
    return count;
  }
  write(buffer, { at }) {
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
  truncate(size) {
    this.#grow(size);
    this.#chunks.length = Math.ceil(size / CHUNK);
    this.#size = size;
  }
  getSize() {
    return this.#size;
  }
  flush() {
  }
  close() {
  }
  /** All of it, as one thing that the browser may put on disk after all. */
  blob() {
    return new Blob(this.#chunks.map((chunk, i) => chunk.subarray(0, this.#size - i * CHUNK)), { type: "application/octet-stream" });
  }
  #find(at) {
    return [this.#chunks[Math.floor(at / CHUNK)], at % CHUNK];
  }
  /** Makes room for so many bytes. A small file takes little more than it has: thousands may come. */
  #grow(size) {
    for (let i = Math.max(0, this.#chunks.length - 1); i * CHUNK < size; i++) {
      const had = this.#chunks[i];
      const want = Math.min(CHUNK, size - i * CHUNK);
      if (had && had.length >= want) continue;
      const chunk = new Uint8Array(had ? Math.min(CHUNK, Math.max(want, 2 * had.length)) : i > 0 ? CHUNK : want);
      if (had) chunk.set(had);
      this.#chunks[i] = chunk;
    }
  }
};

// demo/src/files/sha256.ts
var BLOCK = 64;
var K = new Int32Array(64);
var START = new Int32Array(8);
for (let n = 2, found = 0; found < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
  if (!prime) continue;
  const bits = (root) => (root - Math.floor(root)) * 2 ** 32;
  if (found < 8) START[found] = bits(Math.sqrt(n));
  K[found++] = bits(Math.cbrt(n));
}
var SHA256 = class {
  #h = START.slice();
  #w = new Int32Array(64);
  // signed, like everything here: what engines keep in registers
  #block = new Uint8Array(BLOCK);
  #held = 0;
  // bytes in #block
  #length = 0;
  // bytes in all
  update(data) {
    this.#length += data.length;
    let at = 0;
    if (this.#held > 0) {
      at = Math.min(BLOCK - this.#held, data.length);
      this.#block.set(data.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < BLOCK) return this;
      this.#compress(this.#block, 0);
      this.#held = 0;
    }
    for (; at + BLOCK <= data.length; at += BLOCK) this.#compress(data, at);
    this.#block.set(data.subarray(at), 0);
    this.#held = data.length - at;
    return this;
  }
  /** The 32 bytes of the digest. The object is used up. */
  digest() {
    this.update(padding(this.#length));
    const digest = new DataView(new ArrayBuffer(32));
    this.#h.forEach((word, i) => digest.setInt32(4 * i, word));
    return new Uint8Array(digest.buffer);
  }
  /** Section 6.2.2. Additions are cut to 32 bits by `| 0` as they go, which keeps the engine in integers. */
  #compress(data, at) {
    const w = this.#w;
    for (let t = 0; t < 16; t++, at += 4) {
      w[t] = data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];
    }
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15];
      const y = w[t - 2];
      const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3;
      const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10;
      w[t] = w[t - 16] + s0 + w[t - 7] + s1 | 0;
    }
    const h = this.#h;
    let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], i = h[7];
    for (let t = 0; t < 64; t++) {
      const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7);
      const t1 = i + s1 + (e & f ^ ~e & g) + K[t] + w[t] | 0;
      const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10);
      const t2 = s0 + (a & b ^ a & c ^ b & c) | 0;
      i = g;
      g = f;
      f = e;
      e = d + t1 | 0;
      d = c;
      c = b;
      b = a;
      a = t1 + t2 | 0;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
    h[5] += f;
    h[6] += g;
    h[7] += i;
  }
};
function padding(length) {
  const zeros = (BLOCK + 55 - length % BLOCK) % BLOCK;
  const end = new Uint8Array(1 + zeros + 8);
  end[0] = 128;
  const view = new DataView(end.buffer);
  view.setUint32(1 + zeros, Math.floor(length / 2 ** 29));
  view.setUint32(5 + zeros, length * 8 % 2 ** 32);
  return end;
}
async function sha256(data) {
  const subtle = crypto.subtle;
  return subtle ? new Uint8Array(await subtle.digest("SHA-256", data)) : new SHA256().update(data).digest();
}
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// demo/src/files/depot.ts
var MEMORY = 512 * 1024 * 1024;
var FOLDER = "beckon-files";
var TWINS = 16;
var TRIES = 6;
async function openDepot() {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    const probe = await folder.getFileHandle("probe", { create: true });
    (await access(probe)).close();
    await folder.removeEntry("probe").catch(() => {
    });
    return new Disk(folder);
  } catch {
    return new InMemory();
  }
}
async function keyOf(path, size) {
  const digest = await sha256(new TextEncoder().encode(`${size}\0${path}`));
  return hex(digest.subarray(0, 16));
}
function access(file) {
  return file.createSyncAccessHandle();
}
var Disk = class {
  constructor(folder) {
    this.folder = folder;
  }
  folder;
  lasting = true;
  async room() {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    return Math.max(0, quota - usage);
  }
  async list() {
    const items = [];
    for await (const name of this.folder.keys()) {
      if (!name.endsWith(".json")) continue;
      const key = name.slice(0, -".json".length);
      const note = await this.#note(key);
      if (note) items.push({ key, have: await this.#size(key), ...note });
    }
    return items;
  }
  async open(path, size, group) {
    const first = await keyOf(path, size);
    for (let twin = 0; twin < TWINS; twin++) {
      const key = twin === 0 ? first : `${first}-${twin}`;
      const note = await this.#note(key);
      if (note?.digest) continue;
      const handle = await this.#take(key, twin === 0 ? TRIES : 1);
      if (!handle) continue;
      await this.#write(key, { path, size, group: note?.group ?? group });
      return { key, handle };
    }
    throw new DOMException(`There are ${TWINS} files of this path and size already.`, "QuotaExceededError");
  }
  /** Opens a file for writing; undefined if somebody else has it, who may be this page's forerunner, which is about to end. */
  async #take(key, tries) {
    const file = await this.folder.getFileHandle(`${key}.part`, { create: true });
    for (; ; tries--) {
      try {
        return await access(file);
      } catch (error) {
        if (!(error instanceof DOMException && error.name === "NoModificationAllowedError")) throw error;
      }
      if (tries <= 1) return void 0;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  async finish(key, digest) {
    const note = await this.#note(key);
    if (note) await this.#write(key, { ...note, digest });
  }
  async remove(key) {
    for (const name of [`${key}.part`, `${key}.json`]) {
      try {
        await this.folder.removeEntry(name);
      } catch (error) {
        if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
      }
    }
  }
  async blob(key) {
    return (await this.folder.getFileHandle(`${key}.part`)).getFile();
  }
  async #size(key) {
    try {
      return (await (await this.folder.getFileHandle(`${key}.part`)).getFile()).size;
    } catch {
      return 0;
    }
  }
  /** Reads a note; undefined if there is none that is whole. */
  async #note(key) {
    try {
      const text = await (await (await this.folder.getFileHandle(`${key}.json`)).getFile()).text();
      return JSON.parse(text);
    } catch {
      return void 0;
    }
  }
  async #write(key, note) {
    const handle = await access(await this.folder.getFileHandle(`${key}.json`, { create: true }));
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(note));
      handle.truncate(0);
      handle.write(bytes, { at: 0 });
      handle.flush();
    } finally {
      handle.close();
    }
  }
};
var InMemory = class {
  lasting = false;
  #files = /* @__PURE__ */ new Map();
  #count = 0;
  async room() {
    let held = 0;
    for (const file of this.#files.values()) held += file.getSize();
    return Math.max(0, MEMORY - held);
  }
  async list() {
    return [];
  }
  async open() {
    const key = String(++this.#count);
    const handle = new Memory();
    this.#files.set(key, handle);
    return { key, handle };
  }
  async finish() {
  }
  async remove(key) {
    this.#files.delete(key);
  }
  async blob(key) {
    const file = this.#files.get(key);
    if (!file) throw new Error(`depot: no ${key}`);
    return file.blob();
  }
};

// demo/src/files/path.ts
var utf8 = new TextEncoder();

// demo/src/files/wire.ts
var MAX_OFFER = 4 * 1024 * 1024;
var DIGEST_SIZE = 32;

// demo/src/files/hashing.ts
var STEP = 1024 * 1024;
async function digestOf(file) {
  const hash = new SHA256();
  for (let at = 0; at < file.size; at += STEP) hash.update(await read(file, at, Math.min(at + STEP, file.size)));
  return hash.digest();
}
async function digestsOf(file, block, count) {
  const all = new Uint8Array(count * DIGEST_SIZE);
  for (let i = 0; i < count; i++) {
    const bytes = await read(file, i * block, Math.min((i + 1) * block, file.size));
    all.set(await sha256(bytes), i * DIGEST_SIZE);
  }
  return all;
}
async function read(file, from, to) {
  const bytes = new Uint8Array(await file.slice(from, to).arrayBuffer());
  if (bytes.length !== to - from) throw new RangeError(`read ${bytes.length} bytes of ${to - from}`);
  return bytes;
}

// demo/src/files/store.ts
var STEP2 = 1024 * 1024;
var Store = class {
  constructor(depot) {
    this.depot = depot;
  }
  depot;
  #open = /* @__PURE__ */ new Map();
  /** Whether what is here outlives the page. */
  get lasting() {
    return this.depot.lasting;
  }
  /** How many bytes can be added. */
  room() {
    return this.depot.room();
  }
  /** What is here and is not open in this page or another one. */
  async list() {
    return (await this.depot.list()).filter(({ key }) => !this.#open.has(key));
  }
  /** Opens what there is of a file, or a new one. One that another page is writing, and one that is whole, are left alone. */
  async open(path, size, group) {
    const { key, handle } = await this.depot.open(path, size, group);
    if (handle.getSize() > size) handle.truncate(0);
    this.#open.set(key, { handle, hash: new SHA256(), hashed: 0 });
    return { key, have: handle.getSize() };
  }
  /** Compares the first blocks of an open file with the digests of what they should be. Returns the numbers of those that differ. */
  async verify(key, block, digests) {
    const open = this.#get(key);
    const differ = [];
    for (let i = 0; i * DIGEST_SIZE < digests.length; i++) {
      const bytes = new Uint8Array(block);
      const count = open.handle.read(bytes, { at: i * block });
      const data = bytes.subarray(0, count);
      const want = digests.subarray(i * DIGEST_SIZE, (i + 1) * DIGEST_SIZE);
      if (hex(await sha256(data)) !== hex(want)) differ.push(i);
      else if (open.hashed === i * block) this.#hash(open, data);
    }
    return differ;
  }
  /** Writes bytes into an open file. Synchronous, so that calls are done in their order. */
  write(key, at, bytes) {
    const open = this.#get(key);
    for (let done = 0; done < bytes.length; ) {
      const count = open.handle.write(bytes.subarray(done), { at: at + done });
      if (count === 0) throw new DOMException("The disk takes no more.", "QuotaExceededError");
      done += count;
    }
    if (open.hashed === at) this.#hash(open, bytes);
  }
  /** The SHA-256 of all that an open file has. What was not hashed as it came is read for it. */
  digest(key) {
    const open = this.#get(key);
    const size = open.handle.getSize();
    const bytes = new Uint8Array(Math.min(STEP2, size - open.hashed));
    while (open.hashed < size) {
      const count = open.handle.read(bytes, { at: open.hashed });
      if (count === 0) throw new DOMException("The file has become shorter.", "InvalidStateError");
      this.#hash(open, bytes.subarray(0, count));
    }
    const digest = open.hash.digest();
    open.hash = new SHA256();
    open.hashed = 0;
    return digest;
  }
  /** Closes a file that is whole and right. */
  async finish(key, digest) {
    this.close(key);
    await this.depot.finish(key, digest);
  }
  /** Closes a file; it stays as it is. One that is not open is left alone. */
  close(key) {
    const open = this.#open.get(key);
    this.#open.delete(key);
    open?.handle.flush();
    open?.handle.close();
  }
  /** Closes and removes a file. */
  async remove(key) {
    this.close(key);
    await this.depot.remove(key);
  }
  /** A file that is whole. Its bytes are read when they are needed. */
  blob(key) {
    return this.depot.blob(key);
  }
  #get(key) {
    const open = this.#open.get(key);
    if (!open) throw new Error(`store: ${key} is not open`);
    return open;
  }
  #hash(open, bytes) {
    open.hash.update(bytes);
    open.hashed += bytes.length;
  }
};

// demo/src/files/worker.ts
async function run(store2, { name, args }) {
  if (name === "digestOf") return digestOf(...args);
  if (name === "digestsOf") return digestsOf(...args);
  const here = await store2;
  if (name === "lasting") return here.lasting;
  return here[name](...args);
}
var store = openDepot().then((depot) => new Store(depot));
addEventListener("message", ({ data }) => {
  run(store, data).then(
    (value) => postMessage({ id: data.id, value }),
    // An error as it is may lose its name on the way: not every browser clones a DOMException.
    (error) => {
      const { name = "Error", message = String(error) } = Object(error);
      postMessage({ id: data.id, error: { name, message } });
    }
  );
});
//# sourceMappingURL=files-worker.js.map
