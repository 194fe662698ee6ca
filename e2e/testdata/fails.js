// Goes wrong in the way that it is told to.
export default async function ({ how }, log) {
  await log("about to", how);
  switch (how) {
    case "throw":
      throw new TypeError("thrown by the script", { cause: new Error("the reason") });
    case "reject":
      Promise.reject(new RangeError("rejected by nobody's promise"));
      return new Promise(() => {});
    case "event":
      setTimeout(() => {
        throw new SyntaxError("thrown by a callback");
      });
      return new Promise(() => {});
    case "import":
      await import("/testdata/missing.js");
      return null;
    case "late":
      setTimeout(() => {
        throw new Error("thrown after the verdict");
      });
      return "all is well";
  }
}
