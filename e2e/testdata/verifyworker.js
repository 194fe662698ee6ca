// Loads an identity in a worker, for the page that asks for it by name.
onmessage = async ({ data: { sdk, name } }) => {
  const { Identity } = await import(sdk);
  postMessage((await Identity.load(name)).key);
};
