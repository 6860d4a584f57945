// What the list of devices calls this one: "Chrome, Android".
export function deviceName(): string {
  const told = navigator.userAgent;
  const browser = /(Edg|SamsungBrowser|Firefox|FxiOS|CriOS|Chrome|Safari)\//.exec(told)?.[1] ?? "Web";
  const system = /(Android|iPhone|iPad|Windows|Mac OS|Linux)/.exec(told)?.[1] ?? "";
  return [browser, system].filter(Boolean).join(", ");
}
