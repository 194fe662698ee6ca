/** The part of EventTarget that knows which events there are: `M` maps an event's name to its class. */
export interface TypedEventTarget<M> {
    /** As in the DOM; there may be any number of listeners. */
    addEventListener<K extends keyof M & string>(type: K, listener: TypedListener<M[K]> | null, options?: boolean | AddEventListenerOptions): void;
    /** As in the DOM. */
    removeEventListener<K extends keyof M & string>(type: K, listener: TypedListener<M[K]> | null, options?: boolean | EventListenerOptions): void;
    /** As in the DOM. */
    dispatchEvent(event: Event): boolean;
}
/** A function, or an object with `handleEvent`, that takes one kind of event. */
export type TypedListener<E> = ((event: E) => void) | {
    handleEvent(event: E): void;
};
/**
 * EventTarget, typed: the cast is all there is to it at run time. (Overriding addEventListener in a subclass with narrower
 * types is an error to the compiler, and would be code.)
 */
export declare function typedEventTarget<M>(): new () => TypedEventTarget<M>;
