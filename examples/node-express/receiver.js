// A MAAC webhook receiver with express. It verifies each request, stores the event on the disk before it answers 200, and
// handles it afterwards, at least once, whatever is killed when:
//
//     npm ci && MAAC_SHARE_SECRET=… node receiver.js
//
// LISTEN_ADDR (127.0.0.1:8080) and DATA_DIR (maac-events) say where. Put what ends TLS before it: MAAC wants https. Its files
// grow, and all that was ever received is known in memory: beyond some thousand events a day put a database in their place.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import express from "express";

const secret = process.env.MAAC_SHARE_SECRET;
if (!secret) throw new Error("MAAC_SHARE_SECRET is not set");
const [, host, port] = /^(.*):(\d+)$/.exec(process.env.LISTEN_ADDR ?? "127.0.0.1:8080");
const folder = process.env.DATA_DIR ?? "maac-events";
const path = "/webhooks/maac";

// For tests alone: shows what was handled, and breaks what it is told to. Never set it in production.
const probe = process.env.MAAC_PROBE === "1";

/** Yours: what an event is to lead to. It may see one twice, where it was killed in between: upsert. */
async function handle(event) {
  console.log(event.topic, JSON.stringify(event.data));
}

/** A file of JSON, one line for each, which is on the disk before an append returns. */
class Journal {
  constructor(file) {
    this.file = file;
    this.waiting = [];
  }

  /** What was there when it was last stopped. Half a line at its end was never acknowledged. */
  async open() {
    const text = existsSync(this.file) ? readFileSync(this.file, "utf8") : "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    this.length = Buffer.byteLength(whole);
    this.handle = await open(this.file, "a");
    await this.cutOff();
    return whole.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Takes away what was written of lines that failed, so that the next one begins a line of its own. */
  async cutOff() {
    await this.handle.truncate(this.length);
    this.isWhole = true;
  }

  /** Those that wait share one flush. */
  append(entry) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ line: JSON.stringify(entry) + "\n", resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.flush());
    });
  }

  async flush() {
    const batch = [...this.waiting];
    const bytes = Buffer.from(batch.map(({ line }) => line).join(""));
    try {
      if (this.isDown) throw new Error("the store is down");
      if (!this.isWhole) await this.cutOff();
      // From here on a part of it may be there: of a disk that is full, or that fails at the flush.
      this.isWhole = false;
      await this.handle.appendFile(bytes);
      await this.handle.datasync();
      this.length += bytes.length;
      this.isWhole = true;
      batch.forEach(({ resolve }) => resolve());
    } catch (error) {
      if (!this.isWhole) await this.cutOff().catch(() => {});
      batch.forEach(({ reject }) => reject(error));
    }
    this.waiting.splice(0, batch.length);
    if (this.waiting.length > 0) setImmediate(() => this.flush());
  }
}

// The body is what identifies an event: the idempotency key is not signed. A copy waits for the first one's commit.
const known = new Map();
const counts = new Map();
const queue = [];
let busy = false;

mkdirSync(folder, { recursive: true });
const accepted = new Journal(join(folder, "accepted.jsonl"));
const handled = new Journal(join(folder, "handled.jsonl"));
const before = await accepted.open();
for (const { digest } of await handled.open()) counts.set(digest, (counts.get(digest) ?? 0) + 1);
for (const entry of before) {
  known.set(entry.digest, Promise.resolve());
  if (!counts.has(entry.digest)) queue.push(entry);
}

function accept(body, key) {
  const digest = createHash("sha256").update(body).digest("hex");
  if (!known.has(digest)) {
    const entry = { digest, key, body: body.toString("base64") };
    const stored = accepted.append(entry);
    known.set(digest, stored);
    stored.then(() => {
      queue.push(entry);
      void work();
    }, () => known.delete(digest));
  }
  return known.get(digest);
}

async function work() {
  if (busy) return;
  busy = true;
  for (let entry = queue.shift(); entry; entry = queue.shift()) {
    try {
      await handle(JSON.parse(Buffer.from(entry.body, "base64").toString()));
      await handled.append({ digest: entry.digest });
      counts.set(entry.digest, (counts.get(entry.digest) ?? 0) + 1);
    } catch (error) {
      // It is in accepted.jsonl and not in handled.jsonl: it is tried again after 1 s, then after twice as long each time,
      // up to an hour, and after a restart.
      console.error(`${entry.digest} was not handled:`, error.message);
      entry.failures = (entry.failures ?? 0) + 1;
      const pause = Math.min(2 ** (entry.failures - 1), 3600) * 1000;
      setTimeout(() => void work(queue.push(entry)), pause).unref();
    }
  }
  busy = false;
}

function isGenuine(body, signature) {
  const expected = createHmac("sha256", secret).update(body).digest("hex");
  const given = Buffer.from(signature ?? "", "latin1");
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}

const app = express().disable("x-powered-by");

if (probe) {
  app.get("/probe", (request, response) => {
    const listing = [...counts].map(([body_sha256, count]) => ({ body_sha256, count }));
    response.json({ handled: listing, faults: ["store_down", "store_up", "crash"] });
  });
  app.post("/probe", express.json(), (request, response) => {
    if (request.body.fault === "crash") process.kill(process.pid, "SIGKILL");
    accepted.isDown = request.body.fault === "store_down";
    response.sendStatus(204);
  });
}

// The bytes as they came: what was parsed cannot be verified any more.
app.post(path, express.raw({ type: () => true, limit: "1mb", inflate: false }), async (request, response) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (!isGenuine(body, request.get("CrescLab-Signature"))) return response.status(401).end();
  try {
    await accept(body, request.get("CrescLab-Idempotency-Key"));
  } catch (error) {
    // It comes back.
    console.error("the store fails:", error.message);
    return response.status(503).end();
  }
  response.type("text/plain").send("OK");
});
app.all(path, (request, response) => response.status(405).end());
// MAAC gives up at a 404: a slip in the console's URL must not cost an event.
app.use((request, response) => response.status(503).end());
app.use((error, request, response, next) => response.status(error.status ?? 503).end());

const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, app);
server.listen(Number(port), host, () => {
  console.error(`listening on http://${host}:${server.address().port}${path}`);
  void work();
});
