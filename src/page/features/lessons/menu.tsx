import { counted } from '../../../figures.ts';
import { say, view } from '../../app/state.ts';
import { lessonTitles } from './lesson.ts';
import './menu.css';

/** URL of the documentation about writing lessons. */
const guide = 'https://github.com/wgrad/wgrad/blob/main/docs/lessons.md';

/** The page's own lessons, and one from a file. */
export function LessonMenu() {
  return (
    <>
      <button id="lessons-button" type="button" class="card" popovertarget="lessons">
        <span class="card-title">Lessons</span>
        <span class="card-line">Guess, train, look</span>
        <span class="time">{counted(Object.keys(lessonTitles).length, 'lesson')}</span>
      </button>
      <div id="lessons" class="popover" popover>
        <h2>Lessons</h2>
        <ul class="lesson-list">
          {Object.entries(lessonTitles).map(([name, { title, line }]) => (
            <li key={name}>
              <a id={`lesson-${name}`} href={`#lesson=${name}`} onClick={(event) => begin(event, name)}>
                {title}
              </a>
              <span>{line}</span>
            </li>
          ))}
        </ul>
        <p class="lesson-own">
          <input
            id="open-lesson"
            class="file"
            type="file"
            accept=".json"
            aria-label="Open a lesson from a file"
            onChange={async ({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              if (file) await openFile(file);
              currentTarget.value = ''; // allows choosing the same file again
            }}
          />
          <label for="open-lesson" class="button">
            Open a lesson…
          </label>{' '}
          <a href={guide} rel="noreferrer">
            Write your own
          </a>
        </p>
      </div>
    </>
  );
}

function begin(event: MouseEvent, lesson: string): void {
  // With one of these keys the browser opens the link in another tab.
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(lesson);
}

function show(lesson: string): void {
  document.getElementById('lessons')?.hidePopover();
  view.value = { lesson };
}

/** The lesson's text becomes part of the page's URL, so that it can be shared as a link and survives a reload. */
async function openFile(file: File): Promise<void> {
  const text = await file.text();
  try {
    show(JSON.stringify(JSON.parse(text)));
  } catch {
    // Its panel shows what is wrong with the lesson.
    show(text.trimStart().startsWith('{') ? text : `{${text}`);
    say(`${file.name} is not valid JSON.`);
  }
}
