// The official JavaScript client follows ConfigMaps through the live hub: a snapshot first, then changes, then a resume without gap or repeat.
// usage: node watch-hub.mjs URL CA CERT KEY NAMESPACE json|messagepack
// Prints one line an event: `TYPE name resourceVersion`, and reads commands from the test on standard input: `reconnect`, `end`.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";
import WebSocket from "ws";

const [url, ca, cert, key, namespace, protocol] = process.argv.slice(2);
const identity = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };

// A browser would present a cookie or a token; under node the certificate of the kubeconfig is at hand.
class CertifiedWebSocket extends WebSocket {
  constructor(address, protocols, options) {
    super(address, protocols, { ...options, ...identity });
  }
}

let resumeAfter;
let connection;
let leaving = false; // What a stream says about a connection that was closed on purpose is no news.

async function follow() {
  let builder = new HubConnectionBuilder()
    .withUrl(`${url}/hubs/watch`, { transport: HttpTransportType.WebSockets, skipNegotiation: true, WebSocket: CertifiedWebSocket })
    .configureLogging(LogLevel.Error);
  if (protocol === "messagepack") builder = builder.withHubProtocol(new MessagePackHubProtocol());
  connection = builder.build();
  await connection.start();
  connection
    .stream("Watch", { apiVersion: "v1", kind: "ConfigMap", namespace, resourceVersion: resumeAfter })
    .subscribe({
      next: (event) => {
        resumeAfter = event.resourceVersion ?? resumeAfter;
        const object = typeof event.object === "string" ? JSON.parse(event.object) : event.object;
        console.log(`${event.type} ${object?.metadata?.name ?? "-"} ${event.resourceVersion}`);
      },
      error: (error) => leaving || console.log(`ERROR ${error.message}`),
      complete: () => console.log("COMPLETE"),
    });
}

await follow();
console.log("connected");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "disconnect") {
    leaving = true;
    await connection.stop();
    leaving = false;
    console.log("disconnected");
  } else if (line === "connect") {
    await follow();
    console.log("connected again");
  } else if (line === "end") {
    break;
  }
}

leaving = true;
await connection.stop();
process.exit(0);
