import { readFileSync } from 'node:fs';
import { Converter, ReflectionKind } from 'typedoc';

/** What TypeDoc's checks cannot know of these sources. */
export function load(app) {
  allowOneComment(app.logger);
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const explained = project
      .getReflectionsByKind(ReflectionKind.Property)
      .filter((it) => !it.hasComment() && !isOfParameter(it) && isExplainedElsewhere(it));
    const names = explained.map((property) => property.getFriendlyFullName());
    app.options.setValue('intentionallyNotDocumented', [...new Set(names)]);
  });
}

/** Whether a property belongs to a parameter of a function, which TypeDoc does not check. */
const isOfParameter = ({ parent }) => !!parent && (parent.kindOf(ReflectionKind.Parameter) || isOfParameter(parent));

/** Whether a property is computed from another type, or part of an object type on one line, which is explained above that line. */
function isExplainedElsewhere({ sources }) {
  if (!sources?.length) return true;
  const { fullFileName, line, character } = sources[0];
  const before = readFileSync(fullFileName, 'utf8').split('\n')[line - 1].slice(0, character);
  return !/^\s*(readonly |get )?$/.test(before);
}

/** An optional property of a schema's type is declared twice in one place, and so has its comment twice. */
function allowOneComment(logger) {
  const { warn, info } = logger;
  let held;
  logger.warn = (text, ...more) => {
    if (/has multiple declarations with a comment/.test(text)) held = () => warn.call(logger, text, ...more);
    else warn.call(logger, text, ...more);
  };
  logger.info = (text, ...more) => {
    const places = /are declared at:/.test(text) ? new Set(text.split('\n\t').slice(1)) : undefined;
    if (held && places?.size !== 1) held();
    held = undefined;
    if (places?.size !== 1) info.call(logger, text, ...more);
  };
}
