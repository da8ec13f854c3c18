"""English sentences with slots, by subject, and what goes into the slots."""

from __future__ import annotations

SLOTS: dict[str, tuple[str, ...]] = {
    "org": (
        "Northwick Pumps",
        "the Halden subsidiary",
        "Calder Logistics",
        "Brightwater Utilities",
        "the Lisbon office",
        "Ferris & Lowe",
        "Oakline Foods",
        "the Port Authority",
    ),
    "dept": (
        "the finance team",
        "the purchasing office",
        "quality assurance",
        "the data centre group",
        "human resources",
        "the legal department",
        "customer support",
        "the planning desk",
    ),
    "person": (
        "Maria Ostrowski",
        "Daniel Achebe",
        "Priya Raman",
        "Tom Hallgren",
        "Ingrid Solberg",
        "Victor Lindqvist",
        "Grace Okafor",
        "Samuel Whitford",
    ),
    "place": (
        "the Rotterdam plant",
        "hall three",
        "the Bristol laboratory",
        "the north warehouse",
        "the Dublin campus",
        "line seven",
        "the Quebec depot",
        "building twelve",
    ),
    "product": (
        "centrifugal pump",
        "control module",
        "smart meter",
        "relief valve",
        "cold box",
        "pressure sensor",
        "frequency converter",
        "filter cartridge",
    ),
    "topic": (
        "energy use",
        "delivery time",
        "stock turnover",
        "customer complaints",
        "equipment utilisation",
        "spare part consumption",
        "training coverage",
        "scrap rate",
        "network availability",
    ),
    "risk": (
        "rising material prices",
        "currency movements",
        "a shortage of key staff",
        "shipping delays",
        "the system migration",
        "storm damage",
        "dependence on one supplier",
        "expiring software licences",
    ),
    "action": (
        "replace the seals",
        "renew the framework agreement",
        "appoint a second supplier",
        "repeat the operator training",
        "upgrade the control program",
        "raise the safety stock",
        "commission a special audit",
        "install a standby generator",
    ),
}

BUSINESS = (
    "In {month}, {topic} at {org} improved by {pct} against the same period of last year, "
    "mostly because of the work finished at {place}.",
    "Out of {n} suppliers reviewed by {dept}, {m} were put on the watch list owing to {risk}.",
    "The plan for the year was {big} units of the {product}; {big} were built.",
    "As {person} pointed out, {risk} will remain the main concern in the second half.",
    "To bring down {topic}, {dept} decided to {action}, at a cost of about {money} thousand euros.",
    "Customers gave the {product} a score of {score}, which is {pct} more than in the last survey.",
    "The lease on {place} runs out on {date}, and a proposal to extend it lies with the board.",
    "There were {n} new orders worth {money} thousand euros, and exports made up {pct} of them.",
    "Because of {risk}, {m} lots of the {product} that were due on {date} came {days} days late.",
    "Approval now takes {m} days instead of {days}, since the form was shortened.",
    "Most of the differences in {topic} between sites come from how they count.",
    "Receivables stood at {money} thousand euros on {date}; {pct} of that is over a year old.",
    "{m} engineers from {org} worked on site, and {pct} of the open points were closed.",
    "We propose to begin at {place} and to follow with {m} other sites once all is steady.",
    "Last {month} a stoppage cost {money} thousand euros, after which it was agreed to {action}.",
    "The unit cost of the {product} fell to {score} euros, with labour showing the largest drop.",
    "We are still {pct} behind our peers in {topic}, and the gap has not narrowed since {month}.",
    "{person} will collect the papers for the meeting and send them round before {date}.",
    "With the new system, {dept} saves {n} hours a month and makes fewer mistakes.",
    "The auditors looked at {n} vouchers, found {m} without a signature, and had them corrected.",
    "The extension of {place} is {pct} complete; piping and fire inspection are what is left.",
    "Nothing about this is accidental: {topic} has moved by roughly {pct} in each of three years.",
    "Staff made {n} suggestions, {m} of which were taken up in assembling the {product}.",
    "Should {risk} continue, profit may fall short of the budget by {money} thousand euros.",
    "Three universities have joined {org} in a study of how long a {product} lasts.",
    "The course ran {m} times for {n} people, and {pct} of them passed.",
    "Every week {person} chairs a short review in which each open issue is read out.",
    "The count in {month} agreed with the books to {pct}; small parts made up the difference.",
    "Spending reached {pct} of the budget, since the purchase for {place} was put off.",
    "After the refit, {place} uses {big} kilowatt hours less each month.",
    "Each unit has to name one person for {risk} and to report on it by {date}.",
    "The {product} fails too often in the heat, and the designers have been asked to {action}.",
    "Visits to the web site rose by {pct}, and most questions from abroad concern the {product}.",
    "A ledger now records every item above {money} thousand euros, with a line of explanation.",
)

LEGAL = (
    "The Buyer shall pay {pct} of the contract price within {days} days after receipt of a valid "
    "invoice.",
    "Neither party may assign its obligations under this Agreement without written consent.",
    "A party prevented from performing by {risk} shall notify the other within {m} days and shall "
    "furnish evidence.",
    "If performance is delayed by more than {days} days, the other party may terminate and claim "
    "damages.",
    "The warranty for the {product} runs for {n} months from the date of acceptance.",
    "The applicant shall submit true documents; where documents are missing, the office shall "
    "state once and completely what has to be added.",
    "Duties of confidence survive the end of this Agreement for {m} years.",
    "Liquidated damages accrue daily and shall in no case exceed {pct} of the contract price.",
    "Every operator shall keep a register of {topic} and shall retain its entries for {m} years.",
    "Acceptance is conducted by {dept} and takes effect when both representatives have signed.",
    "Where a statute provides otherwise, the statute prevails over these Rules.",
    "A user who becomes aware of a defect in the {product} shall stop using it at once and shall "
    "report the defect within {m} days.",
    "Inspections are carried out by at least two officers, who shall show their credentials.",
    "The Supplier shall deliver complete technical records and shall supply any missing part "
    "within {days} days.",
    "Disputes shall first be discussed in good faith; failing agreement, they shall be referred "
    "to the courts of the Buyer's place of business.",
    "An advance of {pct} of the price, being {money} thousand euros, falls due on signature.",
    "The authority shall decide within {days} working days, which it may extend by {m} days.",
    "Risk passes to the Buyer when the goods have been signed for at {place}.",
    "A person who disagrees with a decision may apply for review within {days} days.",
    "Amendments are valid only in writing, and oral promises bind neither party.",
    "A material change means a change of the price by more than {pct} or of the date by more than "
    "{days} days.",
    "The Supplier shall insure its staff at {place} for at least {money} thousand euros each.",
    "The results of the yearly inspection shall be published by {date}.",
    "Where the Buyer causes the work to be repeated, the time is extended and the Buyer bears the "
    "cost.",
    "Notices shall be sent to the addresses below, and a change of address shall be announced "
    "{m} days ahead.",
    "Records kept in electronic form have the same effect as paper if they cannot be altered.",
)

TECHNICAL = (
    "Before installing the {product}, make sure that the supply is between {n} and {big} volts and "
    "that the housing is earthed.",
    "Switch off the mains and wait {m} minutes for the capacitors to discharge before you open "
    "the cabinet.",
    "When it is started for the first time, the unit tests itself, which takes about {days} "
    "seconds.",
    "If the lamp flashes {m} times, the connection is lost: check the cable and then the switch.",
    "The {product} works from minus {m} to {n} degrees and at a humidity of up to {pct}.",
    "Clean the filter every {days} days, or every {m} days where there is much dust.",
    "Hold the confirm key for {m} seconds to store a setting, which then survives a power cut.",
    "Do not interrupt the power during an update, or the unit may have to be sent back.",
    "The default address is {m}, and up to {n} units can share one bus.",
    "Above an outlet pressure of {score} bar the controller stops the pump and raises an alarm.",
    "Use original parts when you change the seals, and tighten the bolts crosswise in {m} steps.",
    "Log entries are kept for {days} days, after which the oldest are overwritten.",
    "Where a reading differs from the reference by more than {pct}, calibrate zero and span again.",
    "Remote access is allowed over encrypted connections only, with passwords of {n} characters.",
    "If you hear an unusual noise, press the emergency stop and call {person}.",
    "The battery lasts about {m} years; cold weather reduces its capacity by {pct}.",
    "Backups lie in the data folder and can be restored on the same version only.",
    "It takes {m} people to lift the {product}, whose centre of gravity is {n} centimetres above "
    "its base.",
    "A delay of more than {n} milliseconds makes the picture halt, but no data is lost.",
    "Change the oil after the first {n} hours and then every {big} hours.",
    "Of the three roles, only the administrator may change an alarm threshold.",
    "After commissioning, hand the wiring diagram and the list of settings to {dept}.",
    "Drain the pipes and grease the bearings if the unit is to stand idle for a season.",
    "Mount the sensor at least {m} pipe diameters behind a bend, where the flow is calm.",
)

RESEARCH = (
    "We repeated the experiment on {n} samples, with a standard deviation below {pct}.",
    "Earlier work looks at {topic} and says little about {risk}.",
    "Against the baseline, the error falls by {pct} while the run takes {m} minutes longer.",
    "The data were taken at {place} up to {date} and hold {big} records.",
    "To rule out the season, we estimate the time before and after {month} apart.",
    "The model has {m} parameters, two of which are measured directly on site.",
    "The residuals show that {topic} does not depend on the load in a linear way.",
    "With intervals above {n} seconds the accuracy drops sharply, which agrees with the "
    "literature.",
    "Every {product} in the study came from {org}, with different dates of manufacture.",
    "All records were divided into a training set and a test set in the ratio of four to one.",
    "We attribute this to the thermal inertia of the wall: temperature always lags behind flow.",
    "Once weather is included, the share of {topic} that is explained rises to {pct}.",
    "Missing values make up {pct} and were filled in from their neighbours.",
    "It should be noted that most samples are from the north, so care is needed elsewhere.",
    "The conclusion holds for every threshold between {m} and {n}.",
    "Future work will cover events such as {risk} and move the model to small devices.",
    "{m} experts judged {n} results independently and agreed with a coefficient of 0.83.",
    "Training took {days} hours on an ordinary workstation with {m} gigabytes of memory.",
    "Each point stands for the mean of one day, and bars show the 95 per cent interval.",
    "No labels are needed, which makes the method easy to bring to {place}.",
    "Without the time encoding the error grows by {pct}.",
    "Three ways of scaling the input were compared, and they differ by less than {pct}.",
)

POOLS = {
    "business": BUSINESS,
    "legal": LEGAL,
    "technical": TECHNICAL,
    "research": RESEARCH,
}
