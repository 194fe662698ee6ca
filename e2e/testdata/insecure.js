// What verifying peers needs is kept by browsers for https and localhost. Returns how each way to ask for it is refused.
export default async function ({ server, room }) {
  const { firstUse, Identity, join, newSecret } = await import(`${server}/sdk/beckon.js`);
  const refusal = (doing) => doing.then(() => "it works", ({ code, message }) => `${code}: ${message}`);
  return {
    join: await refusal(join(server, room, { secret: newSecret() })),
    trust: await refusal(join(server, room, { trust: firstUse() })),
    load: await refusal(Identity.load()),
    create: await refusal(Identity.create()),
  };
}
