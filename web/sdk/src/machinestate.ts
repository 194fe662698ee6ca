// What the machine of a room knows, and what all of its parts use. Go has the methods of one struct in several files; here each
// of those files is a layer of one class: presence, receive and write upon this, and the machine upon them.

import { MachineOutput, withDefaults, type MachineConfig } from "./machineevents.js";
import { Links, type Link } from "./machinelink.js";
import { MachineRoster, type Known } from "./machineroster.js";
import { Speech } from "./machinespeech.js";

/** Makes the receipts due that wait for more to acknowledge. */
export const FLUSH_TIMER = "flush";

/** The fields of the machine. */
export class MachineState {
  /** What a join must say to go on where the log was left; "" and 0 before the first. */
  epoch = "";
  position = 0;
  protected readonly config: Required<MachineConfig>;
  protected readonly out = new MachineOutput();
  protected readonly roster = new MachineRoster();
  protected readonly links: Links;
  protected readonly speech: Speech;
  /** The carrier lives, and the room has answered the join. */
  protected online = false;
  protected closed = false;
  /** The owner has been told that there is something to write. */
  protected awake = false;
  /** Where the replay ends that is going on. */
  protected until = 0;
  /** The position that the server was told. */
  protected acked = 0;
  protected stable = 0;
  /** How many pings were made; each carries its number. */
  protected pings = 0;

  /** Makes a machine, which is offline. */
  constructor(config: MachineConfig) {
    this.config = withDefaults(config);
    this.links = new Links(this.config, this.out);
    this.speech = new Speech(this.config, this.out);
  }

  /** The link to a member, which is reachable if the member is. */
  protected link(to: Known): Link {
    const link = this.links.open(to.info.peer, to.info.instance);
    if (this.online && !to.missing && !to.info.away) link.rise();
    else link.fall();
    return link;
  }

  /** Asks for the stable position, and says how far this member is. The pong comes behind all events of before. */
  protected ping(): void {
    this.pings++;
    this.acked = this.position;
    const acks = { [this.config.room]: this.position };
    this.out.emit({ effect: "transmit", frame: { type: "ping", t: this.pings, acks } });
  }

  /** Takes the stable position. While somebody is missing nothing is safe: a restarted server does not wait for those. */
  protected settle(stable: number): void {
    this.stable = Math.max(this.stable, stable);
    if (!this.roster.missing) this.speech.release(this.stable);
  }
}
