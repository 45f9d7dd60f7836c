import { Checkbox, JsonInput, NumberInput, SegmentedControl, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { fieldProblem, type Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { certificatesIn, kinds, listOf, type Content, type Field, type Subkind } from "./kinds";
import { configurationsStrings } from "./strings";

interface Props {
  subkind: Subkind;
  content: Content;
  /** Undefined while the JSON does not hold together. */
  onChange: (content: Content | undefined) => void;
  problem?: Problem;
}

/** A document as a form, or as the JSON that devices are sent. */
export function ContentForm({ subkind, content, onChange, problem }: Props) {
  const t = useT(configurationsStrings);
  const [as, setAs] = useState<"form" | "json">("form");
  const [json, setJson] = useState("");
  const [broken, setBroken] = useState(false);
  const show = (next: string) => {
    if (next === "json") setJson(JSON.stringify(content, null, 2));
    else if (broken) return; // a form cannot show what does not hold together
    setAs(next as typeof as);
  };
  const type = (text: string) => {
    setJson(text);
    const read = objectIn(text);
    setBroken(!read);
    onChange(read);
  };
  return (
    <Stack>
      <SegmentedControl
        w="fit-content"
        size="xs"
        value={as}
        onChange={show}
        data={[
          { value: "form", label: t("form.asForm"), disabled: broken },
          { value: "json", label: t("form.asJson") },
        ]}
      />
      {as === "json" ? (
        <JsonInput
          label={t("form.json")}
          autosize
          minRows={6}
          maxRows={24}
          ff="monospace"
          value={json}
          onChange={type}
          error={broken ? t("form.notJson") : fieldProblem(problem, "content")}
        />
      ) : (
        kinds[subkind].map((field) => (
          <FieldInput
            key={field.name}
            field={field}
            value={content[field.name]}
            onChange={(value) => onChange({ ...content, [field.name]: value })}
            error={fieldProblem(problem, `content.${field.name}`)}
          />
        ))
      )}
    </Stack>
  );
}

function objectIn(text: string): Content | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Content) : undefined;
  } catch {
    return undefined;
  }
}

interface InputProps {
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
  error?: string;
}

function FieldInput({ field, value, onChange, error }: InputProps) {
  const t = useT(configurationsStrings);
  const common = { label: t(`fields.${field.name}`), description: t(`hints.${field.name}`) || undefined, error, required: field.needed, maw: 640 };
  switch (field.as) {
    case "yes":
      return (
        <Checkbox label={common.label} description={common.description} error={error} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
      );
    case "number":
      return (
        <NumberInput
          {...common}
          w="100%"
          styles={{ wrapper: { maxWidth: 240 } }}
          min={field.least}
          max={field.most}
          clampBehavior="none"
          allowDecimal={false}
          value={typeof value === "number" ? value : ""}
          onChange={(next) => onChange(typeof next === "number" ? next : Number.parseInt(next, 10) || 0)}
        />
      );
    case "choice":
      return <Select {...common} w={240} allowDeselect={false} data={field.choices} value={String(value ?? "")} onChange={onChange} />;
    case "long":
      return (
        <Textarea {...common} autosize minRows={2} maxLength={field.most} value={String(value ?? "")} onChange={(event) => onChange(event.currentTarget.value)} />
      );
    case "lines":
    case "certificates":
      return <LinesInput {...common} field={field} value={listOf(value)} onChange={onChange} />;
    default:
      return <TextInput {...common} maxLength={field.most} value={String(value ?? "")} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
}

type LinesProps = Omit<InputProps, "value"> & { value: string[]; label: string; description?: string; required?: boolean; maw: number };

/** A list that is typed or pasted as text; what was typed stays as it was typed. */
function LinesInput({ field, value, onChange, description, ...rest }: LinesProps) {
  const t = useT(configurationsStrings);
  const [text, setText] = useState(() => value.map((entry) => entry.trim()).join("\n"));
  const certificates = field.as === "certificates";
  return (
    <Textarea
      {...rest}
      description={
        <>
          {t(certificates ? "form.certificatesHint" : "form.linesHint")}{" "}
          {description}
        </>
      }
      autosize
      minRows={certificates ? 6 : 3}
      maxRows={16}
      ff={certificates ? "monospace" : undefined}
      spellCheck={false}
      value={text}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        onChange(certificates ? certificatesIn(typed) : typed.split("\n").map((line) => line.trim()).filter(Boolean));
      }}
    />
  );
}
