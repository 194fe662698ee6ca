// Chromium says in the transport's statistics which pair is selected, Firefox
// only in the pair's own "selected", which no standard has. Do not look for the
// pair that is nominated and has succeeded: while Chromium checks a selected
// pair once more, as it does in 1 of 150 runs here, its state is "in-progress".

/** The local and the remote candidate that carry a connection. */
export async function selectedPair(connection) {
  const stats = [...(await connection.getStats()).values()];
  const byID = (id) => stats.find((s) => s.id === id);
  const transport = stats.find((s) => s.type === "transport" && s.selectedCandidatePairId);
  const pair = transport ? byID(transport.selectedCandidatePairId) : stats.find((s) => s.selected);
  if (!pair) throw new Error(`no pair is selected: ${JSON.stringify(stats)}`);
  const shown = ({ candidateType, address, protocol, relayProtocol }) => ({ candidateType, address, protocol, relayProtocol });
  return { local: shown(byID(pair.localCandidateId)), remote: shown(byID(pair.remoteCandidateId)) };
}
