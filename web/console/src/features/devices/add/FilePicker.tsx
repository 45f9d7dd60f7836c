import { FileButton, Button, Group, Text } from "@mantine/core";
import { IconFileTypeCsv } from "@tabler/icons-react";
import { useState } from "react";
import { useT } from "../../../i18n/strings";
import classes from "./FilePicker.module.css";
import { mostMegabytes } from "./importFile";
import { addStrings } from "./strings";

interface Props {
  file: File | undefined;
  busy: boolean;
  onFile: (file: File) => void;
}

/** Takes a file that is dropped or chosen. */
export function FilePicker({ file, busy, onFile }: Props) {
  const t = useT(addStrings);
  const [over, setOver] = useState(false);
  return (
    // Dropping is for the pointer; the button inside does the same for every other hand.
    <div
      role="presentation"
      className={classes.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const dropped = event.dataTransfer.files[0];
        if (dropped && !busy) onFile(dropped);
      }}
    >
      <Group justify="center">
        <IconFileTypeCsv size={32} aria-hidden />
        <div>
          <Text fw={600}>{file ? file.name : t("drop")}</Text>
          <Text size="sm" c="dimmed">
            {t("limits", { limit: mostMegabytes })}
          </Text>
        </div>
        {/* The same file may be chosen again, after it was mended: a new input each time. */}
        <FileButton key={file ? `${file.name}${file.lastModified}` : ""} accept=".csv,text/csv,text/plain" onChange={(chosen) => chosen && onFile(chosen)} inputProps={{ "aria-label": t("file") }}>
          {(props) => (
            <Button {...props} variant={file ? "default" : "filled"} loading={busy}>
              {t(file ? "chooseOther" : "choose")}
            </Button>
          )}
        </FileButton>
      </Group>
    </div>
  );
}
