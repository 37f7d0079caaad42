import * as v from 'valibot';

const told = (what: string) => v.pipe(v.string(), v.description(what));

const answerSchema = v.strictObject({
  question: told('something that the file answers'),
  commands: v.pipe(
    v.array(v.string()),
    v.minLength(1),
    v.readonly(),
    v.description('the commands that answer it, one after another, as a shell takes them'),
  ),
});

const diagnosisSchema = v.strictObject({
  file: told('the path as it was given, or found in a folder'),
  is: told('what the file is, in words: the summary of AIPerf'),
  evidence: v.pipe(
    v.nullable(v.picklist(['steps', 'token times', 'phase times', 'lengths', 'measurements', 'model'])),
    v.description('what it tells of the engine; null where that is nothing'),
  ),
  answers: v.pipe(v.array(answerSchema), v.readonly()),
  lacks: v.pipe(
    v.array(
      v.strictObject({
        what: told('what is missing'),
        gives: told('what could be answered with it'),
        how: told('the flag or the file that would bring it'),
      }),
    ),
    v.readonly(),
  ),
  instead: v.pipe(
    v.nullable(v.string()),
    v.description('what stands in the way, or what to give instead; null where nothing does'),
  ),
  warnings: v.pipe(
    v.array(
      v.strictObject({ code: told('stable: docs/warnings.md explains it'), message: told('what an estimate says') }),
    ),
    v.readonly(),
  ),
});

/** The object that `stepclock doctor --json` writes: what each file is, what it answers and by which commands. */
export const doctorSchema = v.strictObject({
  schema: v.literal('stepclock/doctor@1'),
  answerable: v.pipe(v.boolean(), v.description('whether one of the files at least answers something')),
  files: v.pipe(v.array(diagnosisSchema), v.minLength(1), v.readonly()),
  stepclock_version: v.string(),
});

/** Something that a file answers. */
export type Answer = Readonly<v.InferOutput<typeof answerSchema>>;

/** What a file is, and what it is good for. */
export type Diagnosis = Readonly<v.InferOutput<typeof diagnosisSchema>>;

export const nothing = { evidence: null, answers: [], lacks: [], instead: null, warnings: [] } as const;
