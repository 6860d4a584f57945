// Looks at pictures and shrinks them beside the page, which stays quick.
import { work, type Job } from "./canvas";

interface Asked {
  number: number;
  job: Job;
}

addEventListener("message", ({ data: { number, job } }: MessageEvent<Asked>) => {
  work(job).then(
    (result) => postMessage({ number, result }),
    (error: unknown) => postMessage({ number, error: String(error) }),
  );
});
