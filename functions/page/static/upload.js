// An export's way into the bucket: straight there, by the signature that the endpoint gives out.
import { call, Unreachable } from "./api.js";

/** Upload a file, telling how much of it has gone; give the export's name. */
export async function upload(file, { told, signal }) {
  const { export: name, upload: target } = await call("POST", "exports", { file_name: file.name, bytes: file.size });
  const form = new FormData();
  for (const [field, value] of Object.entries(target.fields)) form.append(field, value);
  form.append("file", file); // S3 ignores whatever follows the file.
  await post(target.url, form, { told, signal });
  return name;
}

// fetch tells nothing of how far an upload has come.
function post(url, form, { told, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => told(event.loaded / event.total));
    request.addEventListener("load", () =>
      request.status < 300 ? resolve() : reject(new Error(reason(request) ?? `${request.status}`)),
    );
    request.addEventListener("error", () => reject(new Unreachable("upload")));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", url);
    request.send(form);
  });
}

/** What S3 says, which is XML. */
function reason(request) {
  return /<Message>([^<]*)<\/Message>/.exec(request.responseText)?.[1];
}
