import type { RelayStatus } from "../api/wire-cosem";
import { t } from "../words";
import { Contact } from "./icons";

/** Whether the relay of a meter lets current through: by shape, and by colour where it does not. */
export function RelayMark({ status }: { status: RelayStatus }) {
  const text = t("relay.label", { status: t(`relay.${status}`) });
  return (
    <span class={`relay-mark ${status}`} role="img" aria-label={text} title={text}>
      <Contact closed={status === "connected"} />
    </span>
  );
}
