/** Whether this environment can connect to peers. A worker cannot, nor can Node without somebody's WebRTC. */
export declare function connects(): boolean;
/** Throws `unsupported` where it cannot. */
export declare function checkConnects(what: string): void;
