"""Where the rules behind the calculations were read. A source that nobody has read again is not confirmed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A source as one line for people, and whether somebody read it there."""

    text: str
    confirmed: bool = True


BALANCE = Source("mass and volume balance; no outside figure")
DESIGN = Source("a setting of this project", confirmed=False)
PRO2 = Source("Flowonix Prometra II manual, REF 13827, pages 14, 19 and 33 (2016)")
PTC = Source("Flowonix Patient Therapy Controller guide (2016)")
ARCHIMEDES = Source("Codman Archimedes manual, appendix B (2011)")
PRIME = Source("Medtronic labelling update on the priming bolus (2013)")
TRANSITIONS = Source("mass balance; US patent application on controlling drug delivery transitions (Medtronic)")
PRIMARY = Source("US 6,928,338, decision information system for drug delivery devices (2005); abstract read")
FSN16 = Source("Medtronic field safety notice FA596 phase II (2016): over-infusion is more than 14.5 % over program")
HSA = Source("HSA Singapore, SynchroMed II update (2016)")
ASRA17 = Source("Accuracy in intrathecal drug delivery, ASRA poster (2017): 2 mL, or the accuracy of the device")
MAINO = Source("Maino et al. (2017), Neuromodulation 20:733: 1 mL for a 20 mL pump")
WESE = Source(
    "Wesemann et al. (2014), doi 10.1097/AAP.0000000000000107; the two settings are this project's", confirmed=False
)
GILLETTE = Source("Gillette Children's, pump refills (2020): an appointment 3 to 5 days before the alarm date")
LINDLEY = Source("Lindley (2021), Neuromodulation: a bolus of about a tenth of the daily dose")
DEER07 = Source(
    "consensus step limits (2007) as quoted by a textbook: about 30 % non-malignant, 50 % malignant", confirmed=False
)
KAMRAN = Source("mass balance; Kamran, intrathecal pump series of 97 patients")
BAKER = Source(
    "Baker et al. (2007), Anaesth Intensive Care 35:378, on hand dilution; 0.2 mL is this project's", confirmed=False
)
CATALOG = Source("the implanted pumps of the catalog: 0.048 to 28.8 mL/day; recalled", confirmed=False)
DISK = Source("Infu-Disk data sheet, form of the pressure rule; the coefficients are recalled", confirmed=False)
MINUTES_HOURS = Source(
    "Medtronic / FDA, recall of the Model 8870 software card (2004): a bolus interval entered as minutes; 2 deaths"
)
SLIDING = Source("sliding window by counting; the idea of a running integral is in US 4,731,051")
