// Uploads a file with the reference client, pausing now and then; tells its progress in lines of JSON.
// node upload.mjs ADDRESS TOKEN FILE PAUSES CHUNK     pauses in percent, such as 20,70; chunk in bytes, 0: none
import { createReadStream, statSync } from "node:fs";
import { Upload } from "tus-js-client";

const [address, token, file, pauses, chunk] = process.argv.slice(2);
const size = statSync(file).size;
const waiting = pauses.split(",").filter(Boolean).map((percent) => (size * Number(percent)) / 100);
const say = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const counted = { POST: 0, HEAD: 0, PATCH: 0 };
let told = 0;

const upload = new Upload(createReadStream(file), {
  endpoint: address,
  headers: { Authorization: `Bearer ${token}` },
  uploadSize: size,
  chunkSize: Number(chunk) || Infinity,
  metadata: { filename: "from the reference client.mp4", filetype: "video/mp4" },
  // A server that was killed is away for some seconds; on a busy machine for many.
  retryDelays: [100, 300, 500, ...Array(120).fill(1000)],
  onBeforeRequest: (request) => {
    counted[request.getMethod()] += 1;
  },
  onProgress: (sent) => {
    if (sent - told > size / 200) {
      told = sent;
      say({ sent });
    }
    if (waiting.length && sent > waiting[0]) {
      waiting.shift();
      say({ paused: sent });
      upload.abort().then(() => setTimeout(() => upload.start(), 200));
    }
  },
  onError: (error) => {
    say({ error: String(error) });
    process.exit(1);
  },
  onSuccess: ({ lastResponse }) => {
    say({ done: upload.url, asset: lastResponse.getHeader("Upload-Asset"), counted });
  },
});
upload.start();
