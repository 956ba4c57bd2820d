import { useSignal } from "@preact/signals";
import type { AttributeValue, CosemAttribute, CosemObject } from "../api/wire-cosem";
import { meterPath } from "../plant/loading";
import type { MeterModel } from "../plant/meter";
import { outline } from "../plant/outline";
import { t } from "../words";
import { useHeadEnd } from "./context";
import { useJob } from "./use-job";

interface Properties {
  meter: MeterModel;
  object: CosemObject;
}

/** One object; opened, it shows what it consists of. */
export function CosemObjectRow({ meter, object }: Properties) {
  const open = useSignal(false);
  return (
    <li>
      <details
        onToggle={(event) => {
          open.value = event.currentTarget.open;
        }}
      >
        <summary>
          <code>{object.obis}</code>
          <span class="object-name">{object.name}</span>
          <span class="note">
            {object.class_id} {object.class_name}
          </span>
        </summary>
        {open.value && (
          <dl class="attributes">
            {object.attributes.map((attribute) => (
              <Attribute
                key={attribute.number}
                meter={meter}
                object={object}
                attribute={attribute}
              />
            ))}
            {object.methods.length > 0 && (
              <div class="methods">
                <dt class="label">{t("objects.methods")}</dt>
                <dd class="note">
                  {object.methods.map(({ number, name }) => `${number} ${name}`).join(", ")}
                </dd>
              </div>
            )}
          </dl>
        )}
      </details>
    </li>
  );
}

function Attribute({ meter, object, attribute }: Properties & { attribute: CosemAttribute }) {
  const { session } = useHeadEnd();
  const followed = useJob();
  const job = followed.job.value;
  const { class_id, obis } = object;
  const asked = { class_id, obis, attribute: attribute.number };
  return (
    <div>
      <dt>
        <span class="note">{attribute.number}</span> {attribute.name}
        {attribute.writable && <span class="note"> {t("objects.writable")}</span>}
      </dt>
      <dd>
        {attribute.readable && session.mayAct.value && (
          <button
            type="button"
            class="button"
            disabled={followed.busy}
            aria-label={t("objects.read-attribute", { name: attribute.name })}
            onClick={() => void followed.start(meterPath(meter, "attributes", "reads"), asked)}
          >
            {followed.busy ? t("read.busy") : t("objects.read-one")}
          </button>
        )}
        <span class="answer" role="status">
          {followed.refusal.value && <span class="refusal">{followed.refusal.value}</span>}
          {job?.state === "confirmed" && <Value read={job.result as AttributeValue} />}
          {job && job.state !== "confirmed" && (
            <span class="note">
              {t(`job.${job.state}`)} {job.steps[job.steps.length - 1]?.detail}
            </span>
          )}
        </span>
      </dd>
    </div>
  );
}

/** Of a register what it measures in its unit, of everything else what the octets mean. */
function Value({ read: { type, value, shown, unit } }: { read: AttributeValue }) {
  const scaled = shown === undefined ? outline(value) : `${outline(shown)} ${unit ?? ""}`;
  return (
    <>
      <pre>{scaled}</pre> <span class="note">{type}</span>
    </>
  );
}
