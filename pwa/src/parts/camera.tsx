// The live camera with a frame, and the phone's own ways to a picture, which are always offered.
import { useEffect, useRef, useState } from "preact/hooks";
import { measured } from "../camera/work";
import type { Warning } from "../camera/measure";
import { t } from "../lib/language";
import { capture } from "../words/capture";

const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 3840 }, height: { ideal: 2160 } },
};
const LOOK_MS = 1_200;
const TAKEN = { type: "image/jpeg", quality: 0.92 };

interface Props {
  take: (pictures: Blob[], live: boolean) => void;
  first: boolean;
}

export function Camera({ take, first }: Props) {
  const [stream, setStream] = useState<MediaStream | null>(null);
  const [failed, setFailed] = useState(false);
  const canLive = "mediaDevices" in navigator;

  // The camera is let go when the page is left.
  useEffect(() => () => stream?.getTracks().forEach((track) => track.stop()), [stream]);
  const start = () => {
    setFailed(false);
    navigator.mediaDevices.getUserMedia(WANTED).then(setStream, () => setFailed(true));
  };
  const chosen = (event: Event) => {
    const field = event.currentTarget as HTMLInputElement;
    take([...(field.files ?? [])], false);
    field.value = "";
  };
  return (
    <>
      {stream && <Live of={stream} take={take} />}
      {failed && (
        <p class="notice" role="alert">
          {t(capture.noCamera)}
        </p>
      )}
      <div class="ways">
        {canLive && !stream && (
          <button type="button" class={first ? "main" : ""} onClick={start}>
            {t(first ? capture.start : capture.another)}
          </button>
        )}
        {(!canLive || failed) && (
          <label class="button">
            {t(capture.take)}
            <input type="file" accept="image/*" capture="environment" class="hidden" onChange={chosen} />
          </label>
        )}
        {/* Without `capture`, so that phones offer the gallery too: e-receipts are screenshots. */}
        <label class="button">
          {t(capture.choose)}
          <input type="file" accept="image/*" multiple class="hidden" onChange={chosen} />
        </label>
      </div>
    </>
  );
}

function Live({ of: stream, take }: { of: MediaStream; take: Props["take"] }) {
  const video = useRef<HTMLVideoElement>(null);
  const [hints, setHints] = useState<Warning[]>([]);
  const [ready, setReady] = useState(false);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    video.current!.srcObject = stream;
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible" || !video.current?.videoWidth) return;
      void createImageBitmap(video.current)
        .then(measured)
        .then((found) => setHints(found?.warnings ?? []));
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [stream]);

  const shoot = () => {
    setBusy(true);
    still(stream, video.current!)
      .then((picture) => {
        navigator.vibrate?.(50);
        take([picture], true);
      })
      .finally(() => setBusy(false));
  };
  return (
    <div class="live">
      <div class="frame">
        <video
          ref={video}
          autoPlay
          playsInline
          muted
          aria-label={t(capture.view)}
          onLoadedData={() => setReady(true)}
        />
      </div>
      <p role="status" class="hint">
        {hints.map((hint) => t(capture[hint])).join(" ")}
      </p>
      <button type="button" class="main" disabled={busy || !ready} onClick={shoot}>
        {t(capture.take)}
      </button>
    </div>
  );
}

// The sensor's own picture where the browser gives it, else the frame that is shown.
async function still(stream: MediaStream, video: HTMLVideoElement): Promise<Blob> {
  const [track] = stream.getVideoTracks();
  if (track && "ImageCapture" in window) {
    try {
      return await new ImageCapture(track).takePhoto();
    } catch {
      // Some cameras offer it and fail.
    }
  }
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  return await new Promise((done, refused) => {
    canvas.toBlob((blob) => (blob ? done(blob) : refused(new Error("no picture"))), TAKEN.type, TAKEN.quality);
  });
}
