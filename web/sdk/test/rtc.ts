// WebRTC as far as this library sees it, in memory: what is sent is kept, and a test says what happens.

/** A data channel whose other side is the test. */
export class FakeDataChannel extends EventTarget {
  readyState: RTCDataChannelState = "connecting";
  binaryType = "blob";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: Event) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  onbufferedamountlow: (() => void) | null = null;
  /** What is sent stays in the buffer until it is drained; on the control channel only if a test says so. */
  stuck: boolean;

  constructor(
    readonly label: string,
    readonly options: RTCDataChannelInit = {},
  ) {
    super();
    this.stuck = options.negotiated !== true;
  }

  get asReal(): RTCDataChannel {
    return this as unknown as RTCDataChannel;
  }

  get ordered(): boolean {
    return this.options.ordered ?? true;
  }

  get protocol(): string {
    return this.options.protocol ?? "";
  }

  send(data: unknown): void {
    if (this.readyState !== "open") throw new Error("InvalidStateError");
    this.sent.push(data);
    if (this.stuck) this.bufferedAmount += typeof data === "string" ? Buffer.byteLength(data) : (data as ArrayBuffer).byteLength;
  }

  /** The wire takes some of the buffer. */
  drain(bytes: number): void {
    const before = this.bufferedAmount;
    this.bufferedAmount = Math.max(0, before - bytes);
    const low = this.bufferedAmountLowThreshold;
    if (before <= low || this.bufferedAmount > low) return;
    this.dispatchEvent(new Event("bufferedamountlow"));
    this.onbufferedamountlow?.();
  }

  open(): void {
    this.readyState = "open";
    this.dispatchEvent(new Event("open"));
    this.onopen?.();
  }

  receive(data: string | ArrayBuffer): void {
    const event = Object.assign(new Event("message"), { data });
    this.dispatchEvent(event);
    this.onmessage?.(event);
  }

  /** Closes it, from either side. */
  close(): void {
    if (this.readyState === "closed") return;
    this.readyState = "closed";
    queueMicrotask(() => {
      this.dispatchEvent(new Event("close"));
      this.onclose?.();
    });
  }

  /** The association is lost, or aborted with a cause. */
  fail(sctpCauseCode: number | null = null): void {
    this.#failed({ message: "the association failed", errorDetail: "sctp-failure", sctpCauseCode });
  }

  /** A message was sent when the other side had closed the channel already, as Chromium tells it. */
  failLate(): void {
    this.#failed({ message: "", errorDetail: "data-channel-failure", sctpCauseCode: null });
  }

  #failed(error: Partial<RTCError>): void {
    this.dispatchEvent(Object.assign(new Event("error"), { error }));
    this.onerror?.({ error });
    this.close();
  }
}

/** A peer connection that says what it is told to do. The one that was made last is `last`. */
export class FakePeerConnection {
  static last: FakePeerConnection | undefined;
  static made: FakePeerConnection[] = [];
  /** What it was configured with last. */
  configuration: RTCConfiguration;
  signalingState: RTCSignalingState = "stable";
  connectionState: RTCPeerConnectionState = "new";
  iceConnectionState: RTCIceConnectionState = "new";
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  readonly dtls: { state: RTCDtlsTransportState } = { state: "new" };
  sctp: { maxMessageSize: number; transport: object } = { maxMessageSize: 262144, transport: this.dtls };
  channels: FakeDataChannel[] = [];
  /** What getStats tells, as Chromium does. */
  bytesReceived = 0;
  /** What was done, in order. */
  done: string[] = [];
  /** What setRemoteDescription rejects with. */
  refusal: Error | undefined;
  ondatachannel: ((event: { channel: unknown }) => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
    FakePeerConnection.made.push((FakePeerConnection.last = this));
  }

  get control(): FakeDataChannel {
    return this.channels[0] as FakeDataChannel;
  }

  createDataChannel(label: string, options: RTCDataChannelInit): FakeDataChannel {
    const channel = new FakeDataChannel(label, options);
    this.channels.push(channel);
    if (this.channels.length === 1) queueMicrotask(() => this.signalingState === "stable" && this.onnegotiationneeded?.());
    return channel;
  }

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
    this.localDescription = { type, sdp: `local ${type}` };
    this.done.push(`local ${type}`);
  }

  async setRemoteDescription({ type, sdp = "" }: RTCSessionDescriptionInit): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.signalingState = type === "offer" ? "have-remote-offer" : "stable";
    this.remoteDescription = { type, sdp };
    this.done.push(`remote ${type}`);
  }

  async addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    // One that no browser knows, or of a generation that no description has told of.
    if (candidate?.candidate === "bad") throw new Error("OperationError");
    if (candidate?.usernameFragment && !this.remoteDescription?.sdp?.includes(candidate.usernameFragment)) throw new Error("OperationError");
    this.done.push(`candidate ${candidate === null ? "end" : candidate.candidate}`);
  }

  async getStats(): Promise<RTCStatsReport> {
    return new Map([["T", { id: "T", type: "transport", bytesReceived: this.bytesReceived }]]) as unknown as RTCStatsReport;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  restartIce(): void {
    this.done.push("restart");
    queueMicrotask(() => this.onnegotiationneeded?.());
  }

  /** The path is found or lost, or DTLS fails. */
  become(state: RTCPeerConnectionState, ice = state as RTCIceConnectionState): void {
    this.connectionState = state;
    this.iceConnectionState = ice;
    this.dtls.state = state === "failed" && ice === "connected" ? "failed" : "connected";
    this.onconnectionstatechange?.();
  }

  /** The other side has closed it, or is gone: all channels end, the control channel first, without a goodbye. */
  vanish(): void {
    for (const channel of this.channels) channel.close();
  }

  close(): void {
    this.connectionState = "closed";
    this.done.push("close");
  }
}
