import { html, type Html } from '../web/html.ts'
import { layout, state, type Place } from './layout.ts'

/** What a person carries to the terminal by hand: one click, or Ctrl-A in it, selects all of it, without script. */
export function pastePage(place: Place, answer: string): Html {
  return layout(place, {
    title: 'Copy this to your terminal',
    main: html`<h1>Copy this to your terminal</h1>
<p class="lead">Paste it there and press Enter. It works once, for <strong>1 minute</strong>, and in the terminal that asked for it alone.</p>
<div class="field carried">
<label for="answer">Answer for the terminal</label>
<textarea id="answer" rows="6" readonly autofocus spellcheck="false" autocomplete="off">${answer}</textarea>
<p class="hint">Select all of it with <kbd>Ctrl</kbd>+<kbd>A</kbd> or <kbd>⌘</kbd>+<kbd>A</kbd>, then copy.</p>
</div>
<p class="small">Give it to nobody. If you did not just type <code>norrix sign-in</code>, close this page.</p>`,
  })
}

export function refusedPastePage(place: Place): Html {
  return layout(place, {
    title: 'Not signed in',
    main: html`${state('stop', html`Nobody was signed in`)}
<p>There is nothing to copy. In the terminal, press <kbd>Ctrl</kbd>+<kbd>C</kbd>.</p>`,
  })
}
