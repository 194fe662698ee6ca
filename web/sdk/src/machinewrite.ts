// What the machine says: one frame at a time, when the carrier can take it. The same as write.go of package delivery.

import { MachineReceive } from "./machinereceive.js";
import type { Ack, Message, Receipt, Signal } from "./protocol_gen.js";

/** The machine, as far as writing is concerned. */
export class MachineWrite extends MachineReceive {
  protected writable(): void {
    const frame = this.nextFrame();
    if (frame) this.out.emit({ effect: "transmit", frame });
    else this.awake = false;
  }

  /** Whether there is anything to say. */
  protected busy(): boolean {
    if (this.ackDue || this.speech.ready) return true;
    return this.links.living.some((link) => (link.up && link.inbound.due) || link.ready() >= 0);
  }

  protected nextFrame(): Signal | Receipt | Message | Ack | undefined {
    if (!this.online) return undefined;
    if (this.ackDue) {
      this.acked = this.position;
      return { type: "ack", room: this.config.room, position: this.position };
    }
    // The room is the last in the round.
    const places = this.links.living.length + 1;
    for (let i = 0; i < places; i++) {
      const place = (this.links.turn + i) % places;
      const frame = this.frameOf(place);
      if (frame) {
        this.links.turn = (place + 1) % places;
        return frame;
      }
    }
    return undefined;
  }

  protected get ackDue(): boolean {
    return this.position >= this.acked + this.config.ackEvery;
  }

  protected frameOf(place: number): Signal | Receipt | Message | undefined {
    const link = this.links.living[place];
    if (!link) return this.speech.ready ? this.speech.take() : undefined;
    if (link.up && link.inbound.due) {
      const { peer: to, instance: toInstance } = link;
      return { type: "receipt", room: this.config.room, to, toInstance, n: link.inbound.take() };
    }
    const i = link.ready();
    return i >= 0 ? link.take(i) : undefined;
  }
}
