// Addresses of the dashboard's other pages.

/** This page's address with parameters changed; null takes one away. */
export function here(changes) {
  const asked = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) value === null ? asked.delete(name) : asked.set(name, value);
  return `?${asked}`;
}
