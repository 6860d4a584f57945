// Passkeys as the API speaks of them: bytes are base64url there, and buffers in the browser.
import type { Schemas } from "./api";

type Options = Schemas["PasskeyOptions"]["public_key"];
type Credential = Schemas["PasskeyAnswer"];

export const hasPasskeys = "PublicKeyCredential" in window && "credentials" in navigator;

interface Named {
  id: string;
}

// Make a passkey for who is signed in; null where they turned it away, or this phone has one already.
export function newPasskey(options: Options): Promise<Credential | null> {
  const { challenge, user, excludeCredentials } = options as { challenge: string; user: Named; excludeCredentials?: Named[] };
  const publicKey = {
    ...options,
    challenge: bytes(challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: excludeCredentials?.map(withBytes),
  } as unknown as PublicKeyCredentialCreationOptions;
  return answered(navigator.credentials.create({ publicKey }));
}

// Show one of the passkeys that this phone has for us; null where that was turned away.
export function shownPasskey(options: Options): Promise<Credential | null> {
  const { challenge, allowCredentials } = options as { challenge: string; allowCredentials?: Named[] };
  const publicKey = {
    ...options,
    challenge: bytes(challenge),
    allowCredentials: allowCredentials?.map(withBytes),
  } as unknown as PublicKeyCredentialRequestOptions;
  return answered(navigator.credentials.get({ publicKey }));
}

async function answered(asked: Promise<unknown>): Promise<Credential | null> {
  let made: PublicKeyCredential | null;
  try {
    made = (await asked) as PublicKeyCredential | null;
  } catch (error) {
    if (error instanceof DOMException && ["NotAllowedError", "AbortError", "InvalidStateError"].includes(error.name)) {
      return null;
    }
    throw error;
  }
  if (!made) return null;
  const told = made.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const id = text(made.rawId);
  return {
    id,
    rawId: id,
    type: "public-key",
    response: {
      clientDataJSON: text(told.clientDataJSON),
      attestationObject: textOrNull(told.attestationObject),
      authenticatorData: told.signature ? text(told.authenticatorData) : null,
      signature: textOrNull(told.signature),
      userHandle: textOrNull(told.userHandle),
    },
  };
}

function withBytes(one: Named): object {
  return { ...one, id: bytes(one.id) };
}

function bytes(told: string): Uint8Array {
  return Uint8Array.from(atob(told.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

function textOrNull(buffer: ArrayBuffer | null | undefined): string | null {
  return buffer ? text(buffer) : null;
}

function text(buffer: ArrayBuffer): string {
  const letters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
