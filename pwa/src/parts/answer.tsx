import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Asked, List } from "../lib/api";
import { Refused } from "../lib/faults";
import { t } from "../lib/language";
import { shell } from "../words/shell";

// What went wrong, in words for people.
export function words(fault: unknown): string {
  return fault instanceof Refused ? fault.problem.detail : t(shell.unreachable);
}

export function Fault({ of: fault, again }: { of: unknown; again?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <p>{words(fault)}</p>
      {again && (
        <button type="button" onClick={again}>
          {t(shell.tryAgain)}
        </button>
      )}
    </div>
  );
}

interface AnswerProps<T> {
  of: Asked<T>;
  children: (data: T) => ComponentChildren;
}

// What was asked for: while it comes, when it does not, and when it is there.
export function Answer<T>({ of: asked, children }: AnswerProps<T>) {
  return (
    <>
      {asked.fault !== undefined && <Fault of={asked.fault} again={asked.again} />}
      {asked.data !== undefined && children(asked.data)}
      {asked.data === undefined && asked.fault === undefined && (
        <p class="waits" role="status">
          {t(shell.loading)}
        </p>
      )}
    </>
  );
}

interface RowsProps<T> {
  of: List<T>;
  none: string;
  children: (row: T) => ComponentChildren;
}

// A list with a button for its next page. Each child is an <li>.
export function Rows<T>({ of: list, none, children }: RowsProps<T>) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const more = () => {
    setBusy(true);
    setFault(undefined);
    list.more().catch(setFault).finally(() => setBusy(false));
  };
  return (
    <Answer of={list}>
      {({ rows, next }) => (
        <>
          {rows.length === 0 && <p class="none">{none}</p>}
          <ul class="rows">{rows.map(children)}</ul>
          {fault !== undefined && <Fault of={fault} />}
          {next && (
            <button type="button" class="more" disabled={busy} onClick={more}>
              {t(shell.more)}
            </button>
          )}
        </>
      )}
    </Answer>
  );
}
