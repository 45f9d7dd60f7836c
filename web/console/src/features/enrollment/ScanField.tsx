import { TextInput, type TextInputProps } from "@mantine/core";
import { IconBarcode } from "@tabler/icons-react";
import { useState } from "react";
import { serialOf, serialsIn } from "./scan";

type Props = Omit<TextInputProps, "value" | "onChange"> & {
  /** Gets what was scanned, each time a scanner or a person ends it with Enter, or what was pasted. */
  onScan: (serials: string[]) => void;
};

/** Takes one serial number after the other; a scanner needs no mouse between them. */
export function ScanField({ onScan, ...props }: Props) {
  const [text, setText] = useState("");
  return (
    <TextInput
      leftSection={<IconBarcode size={18} aria-hidden />}
      autoComplete="off"
      autoCapitalize="characters"
      spellCheck={false}
      maxLength={300}
      size="md"
      {...props}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onPaste={(event) => {
        const pasted = event.clipboardData.getData("text");
        if (!/[\r\n]/.test(pasted)) return;
        event.preventDefault();
        setText("");
        onScan(serialsIn(pasted));
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault(); // a form around it is not sent
        const serial = serialOf(text);
        setText("");
        if (serial) onScan([serial]);
      }}
    />
  );
}
