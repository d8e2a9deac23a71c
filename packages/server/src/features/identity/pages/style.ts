/** The identity pages' look: the dashboard's colours, no font and no image of anybody else's. */
export const style = `
:root {
  color-scheme: light dark;
  --bg: #fbfbfa; --surface: #ffffff; --border: #e4e4e0; --text: #1b1c1a; --muted: #62645e;
  --accent: #0b6e5f; --accent-hover: #095a4e; --on-accent: #ffffff;
  --danger: #b42318; --danger-bg: #fdf1ef; --warning: #a15c07; --success: #137a4b;
  --field: #ffffff; --field-border: #8b8d86; --shadow: 0 1px 2px rgb(27 28 26 / 6%), 0 12px 32px -12px rgb(27 28 26 / 14%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #131412; --surface: #1b1d1a; --border: #31332e; --text: #ecede8; --muted: #a2a59c;
    --accent: #43c6ad; --accent-hover: #6cd6c2; --on-accent: #08211c;
    --danger: #ff8a7a; --danger-bg: #2c1b18; --warning: #f0b35a; --success: #5ad19a;
    --field: #131412; --field-border: #7b7e75; --shadow: none;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column; align-items: center;
  padding: clamp(1.5rem, 9vh, 6rem) 1rem 2rem; gap: 1.25rem;
  background: var(--bg); color: var(--text);
  font: 1rem/1.5 ui-sans-serif, system-ui, sans-serif;
}
header, main, footer { width: 100%; max-width: 27rem; }
header { display: flex; align-items: center; gap: .5rem; padding: 0 .25rem; }
.mark { width: 1.375rem; height: 1.375rem; fill: var(--accent); flex: none; }
.word { font-weight: 650; font-size: 1.125rem; letter-spacing: -.01em; }
.pill {
  margin-inline-start: auto; padding: .0625rem .625rem; border-radius: 999px; font-size: .8125rem; font-weight: 600;
  border: 1px solid currentColor; color: var(--warning);
}
main {
  background: var(--surface); border: 1px solid var(--border); border-radius: 12px; box-shadow: var(--shadow);
  padding: clamp(1.25rem, 5vw, 2rem);
}
h1 { margin: 0; font-size: 1.375rem; line-height: 1.3; letter-spacing: -.015em; font-weight: 650; text-wrap: balance; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: .9375rem; font-weight: 600; }
p { margin: .5rem 0 0; overflow-wrap: anywhere; }
.lead { color: var(--muted); }
.trace { margin-top: 1.25rem; display: flex; flex-wrap: wrap; gap: .375rem; font-size: .8125rem; color: var(--muted); }
.small { font-size: .875rem; color: var(--muted); }
a { color: var(--accent); text-underline-offset: .2em; }
a:hover { color: var(--accent-hover); }
code { font: .9em ui-monospace, monospace; background: var(--bg); border: 1px solid var(--border); border-radius: 5px; padding: .0625rem .3125rem; }
form { margin: 1.5rem 0 0; display: grid; gap: 1.125rem; }
.field { display: grid; gap: .375rem; }
label { font-weight: 550; font-size: .9375rem; }
.optional { font-weight: 400; color: var(--muted); }
input {
  width: 100%; min-height: 2.75rem; padding: .5rem .75rem; border-radius: 8px; border: 1px solid var(--field-border);
  background: var(--field); color: inherit; font: inherit;
}
input.code { font: 600 1.375rem/1.4 ui-monospace, monospace; letter-spacing: .12em; text-transform: uppercase; text-align: center; }
.tick { display: flex; gap: .625rem; align-items: flex-start; }
.tick input { width: 1.25rem; min-height: 0; height: 1.25rem; margin: .125rem 0 0; flex: none; accent-color: var(--accent); }
textarea {
  width: 100%; padding: .625rem .75rem; border-radius: 8px; border: 1px solid var(--field-border); resize: vertical;
  background: var(--field); color: inherit; font: .9375rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; word-break: break-all;
}
.carried { margin: 1.5rem 0 0; }
kbd { font: .875em ui-monospace, monospace; border: 1px solid var(--border); border-radius: 4px; padding: 0 .25rem; background: var(--bg); }
.warning { margin: 1.25rem 0 0; padding: .75rem .875rem; border-radius: 8px; border: 1px solid var(--warning); color: var(--warning); font-size: .9375rem; }
input[aria-invalid='true'] { border-color: var(--danger); }
.hint { font-size: .875rem; color: var(--muted); margin: 0; }
.problem { font-size: .875rem; color: var(--danger); margin: 0; }
.alert { margin: 1.25rem 0 0; padding: .75rem .875rem; border-radius: 8px; border: 1px solid var(--danger); background: var(--danger-bg); color: var(--danger); font-size: .9375rem; }
.button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem; width: 100%; padding: .5rem 1rem;
  border-radius: 8px; border: 1px solid transparent; background: var(--accent); color: var(--on-accent);
  font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; text-align: center;
}
.button:hover { background: var(--accent-hover); color: var(--on-accent); }
.button.plain { background: transparent; color: var(--text); border-color: var(--field-border); }
.button.plain:hover { background: var(--bg); color: var(--text); }
:is(a, button, input, textarea, summary):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.choices { display: grid; gap: .625rem; margin: 1.5rem 0 0; padding: 0; list-style: none; }
.or { display: flex; align-items: center; gap: .75rem; margin: 1.5rem 0 0; color: var(--muted); font-size: .875rem; }
.or::before, .or::after { content: ''; flex: 1; border-top: 1px solid var(--border); }
.or + .choices { margin-top: 1.25rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
.facts { margin: 1.25rem 0 0; display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1rem; font-size: .9375rem; padding: 1rem; border: 1px solid var(--border); border-radius: 8px; background: var(--bg); }
form + .small { margin-top: 1rem; }
.facts + p { margin-top: 1.25rem; }
.state + p, .state + .facts { margin-top: 1rem; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.quiet { border: 0; padding: 0; min-height: 0; width: auto; background: none; color: var(--accent); font: inherit; text-decoration: underline; text-underline-offset: .2em; cursor: pointer; border-radius: 4px; }
.quiet:hover { color: var(--accent-hover); }
.aside { margin: 1.25rem 0 0; display: block; font-size: .875rem; color: var(--muted); }
.state { display: flex; gap: .75rem; align-items: flex-start; }
.state svg { width: 1.75rem; height: 1.75rem; flex: none; fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.done { stroke: var(--success); }
.stop { stroke: var(--danger); }
footer { padding: 0 .25rem; color: var(--muted); font-size: .8125rem; overflow-wrap: anywhere; }
@media (max-width: 22rem) {
  .pair { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr; gap: 0 1rem; }
  .facts dd { margin-bottom: .5rem; }
}
@media (forced-colors: active) {
  .button { border-color: ButtonText; }
}
`
