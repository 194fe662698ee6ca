// A player of the tests of verified peers: does what it is told over a WebSocket, with the browser's SDK. verifyside_test.go does the
// same, and verify_test.go says what the fields mean.
export default async function ({ hub, sdk }) {
  const { firstUse, Identity, join, pinned } = await import(sdk);
  const meetings = new Map();
  const keys = new Set(); // the names of those that were asked for

  const calls = {
    /** The key of an identity, which is made when it is first asked for, and loaded from then on. */
    async key({ name }) {
      // At once, by a page that has none yet and a worker of it: all must get the same one.
      const loads = [Identity.load(name).then(({ key }) => key)];
      if (!keys.has(name)) loads.push(Identity.load(name).then(({ key }) => key));
      if (keys.size === 0) loads.push(loadInWorker(sdk, name));
      const all = keys.add(name) && (await Promise.all(loads));
      if (all.some((key) => key !== all[0])) throw new Error("the identity does not come back");
      return { key: all[0] };
    },

    /** Joins, connects with the only other member, and opens or accepts a channel. */
    async meet({ id, server, room: name, token, identity, secret, pins, remembers, opens }) {
      const options = { carriers: ["websocket"], connectTimeout: 20_000, token, secret };
      if (identity) options.identity = await Identity.load(identity);
      if (pins) options.trust = pinned(...pins);
      if (remembers) options.trust = firstUse();
      const room = await join(server, name, options);
      const [there] = room.peers.values();
      const peer = there ?? (await new Promise((done) => room.addEventListener("peer", (event) => done(event.peer), { once: true })));
      const meeting = { room, peer };
      meetings.set(id, meeting);
      try {
        await room.connect(peer.id);
        meeting.channel = opens ? await peer.open("word", { durable: true }) : await peer.accept();
        if (!opens) void answer(meeting.channel);
      } catch (error) {
        meeting.error = error;
      }
      return look(meeting);
    },

    async say({ id, text }) {
      const { channel } = meetings.get(id);
      await channel.send(text);
      return { text: await channel.recv() };
    },

    async signal({ id, text }) {
      await meetings.get(id).peer.signal({ please: text });
    },

    /** Closes the connection under the SDK's feet, and waits until another one has taken its place. */
    async cut({ id }) {
      const { peer } = meetings.get(id);
      const old = peer.connection;
      old.close();
      while (peer.state !== "connected" || !peer.connection || peer.connection === old) await new Promise((done) => setTimeout(done, 20));
    },

    look: ({ id }) => look(meetings.get(id)),

    async accept({ id }) {
      const error = await meetings.get(id).peer.closed;
      await error.cause.accept();
    },

    async leave({ id }) {
      await meetings.get(id).room.close();
    },
  };

  const socket = new WebSocket(hub);
  return new Promise((end) => {
    socket.onclose = () => end(null);
    socket.onmessage = async ({ data }) => {
      const { n, call, args } = JSON.parse(data);
      const answer = await Promise.resolve()
        .then(() => calls[call](args))
        .then((result) => ({ result: result ?? null }), (error) => ({ error: `${error.code ?? error.name}: ${error.message}` }));
      socket.send(JSON.stringify({ n, ...answer }));
    };
  });
}

function loadInWorker(sdk, name) {
  const worker = new Worker("/testdata/verifyworker.js", { type: "module" });
  return new Promise((done, fail) => {
    worker.onmessage = ({ data }) => done(data);
    worker.onerror = ({ message }) => fail(new Error(`the worker failed: ${message}`));
    worker.postMessage({ sdk, name });
  }).finally(() => worker.terminate());
}

async function answer(channel) {
  for await (const text of channel) await channel.send(`heard: ${text}`);
}

/** How it stands with the other side. Of one that is closed, what a reader of channels gets, too. */
async function look({ peer, error }) {
  const { state, verified, key } = peer;
  const { connections } = await peer.stats();
  const seen = { state, verified, key, connections, number: await peer.safetyNumber() };
  if (state !== "closed") return { ...seen, code: error?.code };
  const closed = await peer.closed;
  const { reason, known, shown } = closed?.cause ?? {};
  const channels = await peer.accept().then(() => "a channel", ({ code }) => code);
  return { ...seen, code: closed?.code, message: closed?.message, reason, known, shown, channels };
}
